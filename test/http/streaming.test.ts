import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Manifest } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { type RawRequest, answer, errorXml, startRawUpstream } from '../helpers/rawUpstream.ts';
import { http2Session } from './http2Session.ts';
import { type Api, imageUrl, startApi } from '../helpers/stack.ts';

const picture = await jpeg(1, { width: 800, height: 600 });
const half = Math.floor(picture.length / 2);
const URL_OF_IT = 'a.jpg?X-Amz-Signature=x';

/** An origin that does with each request as it is told, and the API in front of it. */
async function startBehind(handle: (request: RawRequest) => unknown, options: Parameters<typeof startApi>[1] = {}) {
  const upstream = await startRawUpstream(handle);
  onTestFinished(() => upstream.close());
  const option = { name: 'photos', endpoint: upstream.origin, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
  const api = await startApi({ option } as Parameters<typeof startApi>[0], options); // only the option is read
  return { api, upstream, target: imageUrl(`${upstream.origin}/photos/${URL_OF_IT}`) };
}

/** Of a body of no announced length, which ends with the connection. */
const unannounced = answer(200, { 'X-Unframed': 1, ETag: '"1"' });
const head = (length = picture.length) => answer(200, { 'Content-Length': length, ETag: '"1"' });

async function entriesOf(api: Api): Promise<string[]> {
  return Object.keys(((await (await api.get('/manifest')).json()) as Manifest).entries);
}

/** Reads until that many bytes are there. */
async function readAtLeast(reader: ReadableStreamDefaultReader<Uint8Array>, wanted: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (let size = 0; size < wanted;) {
    const { value, done } = await reader.read();
    if (done) break;
    chunks.push(value);
    size += value.length;
  }
  return Buffer.concat(chunks);
}

/** An answer whose body is not thrown away by a client that wants it framed in other words. */
const bodyOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

describe('GET /image?url= of an image that is not cached', () => {
  it('sends on what has arrived before the origin sends the rest, and then the rest', async () => {
    let finish = () => {};
    const { api, target } = await startBehind(({ socket }) => {
      socket.write(Buffer.concat([head(), picture.subarray(0, half)]));
      finish = () => socket.write(picture.subarray(half));
    });
    const response = await api.get(target);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('image/jpeg');
    expect(response.headers.get('x-cache')).toBe('MISS');
    expect(response.headers.get('cache-status')).toBe('image-cache; fwd=miss; detail=streamed');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    const reader = response.body!.getReader(); // a 200 to a GET has a body
    const first = await readAtLeast(reader, half);
    expect(first.equals(picture.subarray(0, half))).toBe(true);

    const joined = await api.get(target);
    finish();
    const rest = await readAtLeast(reader, picture.length - half);
    expect(Buffer.concat([first, rest]).equals(picture)).toBe(true);
    expect((await bodyOf(joined)).equals(picture)).toBe(true);
    expect((await reader.read()).done).toBe(true);

    const hit = await api.get(target);
    expect(hit.headers.get('x-cache')).toBe('HIT');
    expect(hit.headers.get('etag')).toMatch(/^"[0-9a-f]{64}"$/);
  });

  it('ends the answer only when the image is stored', async () => {
    const { api, target } = await startBehind(({ socket }) => socket.write(Buffer.concat([head(), picture])));
    await bodyOf(await api.get(target));
    expect((await api.get(target)).headers.get('x-cache')).toBe('HIT');
  });

  it('T32: continues without a break if the origin is cut off and the next attempt has the same bytes', async () => {
    const { api, target, upstream } = await startBehind(({ socket, number }) => {
      socket.write(Buffer.concat([head(), number === 1 ? picture.subarray(0, half) : picture]));
      if (number === 1) socket.end();
    });
    expect((await bodyOf(await api.get(target))).equals(picture)).toBe(true);
    expect(upstream.requests).toHaveLength(2);
  });

  it('T32, T43: aborts the answer if the next attempt has other bytes, and stores those completely', async () => {
    const other = await jpeg(2, { width: 800, height: 600 });
    const { api, target } = await startBehind(({ socket, number }) => {
      const body = number === 1 ? picture.subarray(0, half) : other;
      socket.write(Buffer.concat([head(number === 1 ? picture.length : other.length), body]));
      if (number === 1) socket.end();
    });
    await expect(api.get(target).then(bodyOf)).rejects.toThrow();
    await expect.poll(() => entriesOf(api)).toHaveLength(1);
    expect((await bodyOf(await api.get(target))).equals(other)).toBe(true);
  });

  it('T33: aborts the answer, and stores nothing, if the image is never complete', async () => {
    const { api, target, upstream } = await startBehind(({ socket }) => {
      socket.end(Buffer.concat([unannounced, picture.subarray(0, half)]));
    });
    await expect(api.get(target).then(bodyOf)).rejects.toThrow();
    expect(upstream.requests).toHaveLength(2); // it ended at the same byte twice
    expect(await entriesOf(api)).toEqual([]);
    expect(await readdir(join(api.dir, 'tmp'))).toEqual([]);
  });

  it('T33: over HTTP/2, resets the stream with an error, so that browsers do not treat the part as the whole', async () => {
    const { api, target } = await startBehind(({ socket }) => {
      socket.end(Buffer.concat([unannounced, picture.subarray(0, half)]));
    });
    const session = await http2Session(api.images.router);
    const stream = session.request({ ':path': target }).resume();
    await expect(once(stream, 'end')).rejects.toThrow('NGHTTP2_INTERNAL_ERROR');
  });

  it('logs why an image failed, once and with a hint; and nothing if the page has left', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    onTestFinished(() => warn.mockRestore());
    const { api, target } = await startBehind(
      ({ socket, number }) => {
        if (number === 1) socket.write(Buffer.concat([head(), picture.subarray(0, half)]));
        else socket.write(answer(403, {}, errorXml('AccessDenied', 'Request has expired')));
      },
      { logLevel: 'warn' },
    );
    const leaving = new AbortController();
    const left = await fetch(api.base + target, { signal: leaving.signal });
    await left.body?.getReader().read();
    leaving.abort();
    await expect.poll(async () => (await api.images.cache.stats()).downloads.active).toBe(0);
    expect(warn.mock.calls).toEqual([]);
    for (let n = 0; n < 2; n += 1) expect((await api.get(target)).status).toBe(403);
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/\/photos\/a\.jpg: UPSTREAM_EXPIRED .+newly signed URL/)]]);
  });

  it('T14: reports a body that is not an image by its first bytes', async () => {
    const { api, target } = await startBehind(({ socket }) => socket.write(answer(200, {}, '<html>log in</html>')));
    const response = await api.get(target);
    expect(response.status).toBe(502);
    expect(await response.json()).toMatchObject({ code: 'NOT_AN_IMAGE' });
  });

  it.each([
    ['HEAD', 'HEAD', {}, 200],
    ['a range', 'GET', { Range: 'bytes=0-9' }, 206],
  ])('answers %s from the stored image', async (_, method, headers, status) => {
    const { api, target } = await startBehind(({ socket }) => socket.write(Buffer.concat([head(), picture])));
    const response = await fetch(api.base + target, { method, headers });
    expect(response.status).toBe(status);
    expect(response.headers.get('etag')).toMatch(/^"[0-9a-f]{64}"$/);
  });

  it('R9: answers If-Match from the stored image, whether it matches or not', async () => {
    const { api, target } = await startBehind(({ socket }) => socket.write(Buffer.concat([head(), picture])));
    const other = await api.get(target, { 'If-Match': '"other"' });
    expect([other.status, await other.json()]).toEqual([412, expect.objectContaining({ code: 'PRECONDITION_FAILED' })]);
    expect((await api.get(target, { 'If-Match': '*' })).status).toBe(200);
  });

  it('waits for the stored image if `authorize` must see its entry', async () => {
    let asked = 0;
    const { api, target } = await startBehind(({ socket }) => socket.write(Buffer.concat([head(), picture])), {
      authorize: () => {
        asked += 1;
        return asked === 1; // before the download, and not after it
      },
    });
    const response = await api.get(target);
    expect(response.status).toBe(403);
    expect(asked).toBe(2);
  });

  it('is not blocked by a reader that stops reading, and ends the download when the reader leaves', async () => {
    // More than the kernel holds; what stands behind the end of a JPEG belongs to it when it was announced.
    const large = Buffer.concat([picture, Buffer.alloc(10_000_000, 'x')]);
    const { api, target } = await startBehind(({ socket }) => socket.write(Buffer.concat([head(large.length), large])));
    const stopped = request(api.base + target).end();
    onTestFinished(() => void stopped.destroy());
    const [response] = await once(stopped, 'response');
    response.pause();
    await expect.poll(() => entriesOf(api)).toHaveLength(1);
    stopped.destroy();
    await turn();
    expect((await bodyOf(await api.get(target))).equals(large)).toBe(true);
  });
});
