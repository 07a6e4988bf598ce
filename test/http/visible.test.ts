import { once } from 'node:events';
import { constants } from 'node:http2';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ExpressImageCacheOptions } from '../../plugin/express.ts';
import type { CacheStats, PrefetchLine, PrefetchRequest, Problem } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { type RawRequest, answer, startRawUpstream } from '../helpers/rawUpstream.ts';
import { http2Session } from './http2Session.ts';
import { type Api, imagePath, imageUrl, startApi } from '../helpers/stack.ts';

const picture = await jpeg(1);
const whole = answer(200, { ETag: '"1"' }, picture);
const names = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}${n}`);
const nameOf = ({ target }: RawRequest) => /photos\/([^?]*)/.exec(target)?.[1] ?? '';

/** A bucket that answers when it is told to, and the API in front of it. */
async function start(options: Partial<ExpressImageCacheOptions> = {}) {
  const waiting = new Map<string, RawRequest>();
  const gone: string[] = [];
  let answersAtOnce = false;
  let most = 0;
  const upstream = await startRawUpstream((request) => {
    const name = nameOf(request);
    if (answersAtOnce) return void request.socket.write(whole);
    waiting.set(name, request);
    most = Math.max(most, waiting.size);
    request.socket.once('close', () => waiting.delete(name) && gone.push(name));
  });
  onTestFinished(() => upstream.close());
  const option = { name: 'photos', endpoint: upstream.origin, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
  const api = await startApi({ option } as Parameters<typeof startApi>[0], options); // only the option is read
  const answerOne = (name: string, bytes = whole) => {
    const request = waiting.get(name);
    waiting.delete(name);
    return request?.socket.write(bytes);
  };
  return {
    api,
    waiting,
    /** Whose request was given up. */
    gone,
    /** In the order in which the bucket was asked. */
    asked: () => upstream.requests.map(nameOf),
    /** The most requests that were open at the same time. */
    most: () => most,
    answerOne,
    answerAll() {
      answersAtOnce = true;
      for (const name of waiting.keys()) answerOne(name);
    },
    urlOf: (name: string, signature = 'x') => `${upstream.origin}/photos/${name}?X-Amz-Signature=${signature}`,
  };
}

type Started = Awaited<ReturnType<typeof start>>;

/** Sends a request for images of the screen, and reads its lines as they come. Resolves when its headers are here. */
async function call(
  { api, urlOf }: Pick<Started, 'api' | 'urlOf'>,
  images: readonly (string | { name: string; actor_id?: string; signature?: string })[],
  more: Partial<PrefetchRequest> = {},
) {
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const body: PrefetchRequest = {
    actor_id: '0001',
    images: images.map((image) => {
      if (typeof image === 'string') return { s3_url: urlOf(image) };
      const { name, actor_id, signature } = image;
      return { s3_url: urlOf(name, signature), ...(actor_id !== undefined && { actor_id }) };
    }),
    priority: 'visible',
    ...more,
  };
  const response = await fetch(`${api.base}/prefetch`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/x-ndjson' },
    body: JSON.stringify(body),
    signal: leaving.signal,
  });
  const lines: PrefetchLine[] = [];
  const read = async () => {
    let rest = '';
    for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts.map((part) => JSON.parse(part) as PrefetchLine));
    }
  };
  const ended = read().catch(() => undefined); // it was aborted
  return { response, lines, ended, abort: () => leaving.abort() };
}

/** On a busy machine it takes a while. */
const soon = (check: () => unknown) => vi.waitFor(check, 10_000);
const indexesOf = (lines: readonly PrefetchLine[]) => lines.flatMap((line) => ('index' in line ? [line.index] : []));
const queued = ({ api }: Started, count: number) =>
  soon(async () => expect((await statsOf(api)).downloads.queued).toBe(count));
const statsOf = async (api: Api) => (await (await api.get('/stats')).json()) as CacheStats;

describe('POST /prefetch with the priority visible', () => {
  it('sends its headers at once, and a line as each image is stored or has failed', async () => {
    const started = await start();
    const { response, lines, ended } = await call(started, ['a', 'b', 'c']);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
    expect(response.headers.get('cache-control'), 'a compressor would hold the lines back').toContain('no-transform');
    await soon(() => expect(started.waiting.size).toBe(3));
    expect(lines).toEqual([]);
    started.answerOne('b');
    await soon(() => expect(indexesOf(lines)).toEqual([1]));
    started.answerOne('c', answer(404, {}, '<Error><Code>NoSuchKey</Code></Error>'));
    await soon(() => expect(indexesOf(lines)).toEqual([1, 2]));
    expect(lines[1]).toMatchObject({ status: 'failed', error: { code: 'UPSTREAM_NOT_FOUND' } });
    started.answerOne('a');
    await ended;
    expect(lines.at(-1)).toMatchObject({ done: true, total: 3, downloaded: 2, failed: 1 });
  });

  it('accepts 1,000 images, and says what to do if there are more', async () => {
    const started = await start();
    started.answerAll();
    const { response, lines, ended } = await call(started, names('a', 1000));
    await ended;
    expect([response.status, lines.at(-1)]).toMatchObject([200, { downloaded: 1000 }]);
    const refused = await call(started, names('a', 1001));
    expect(refused.response.status).toBe(400);
    const asked = await started.api.post('/prefetch', {
      actor_id: '1',
      images: names('a', 1001).map((name) => ({ s3_url: started.urlOf(name) })),
      priority: 'visible',
    });
    expect(await asked.json()).toMatchObject({
      code: 'INVALID_BODY',
      detail: "`images`: must have at most 1000 images with the priority 'visible'",
      hint: expect.stringContaining('nearest to the screen'),
    } satisfies Partial<Problem>);
  }, 30_000);

  it('fails only the image with an invalid actor id: the others belong to other components of the page', async () => {
    const started = await start();
    started.answerAll();
    const { response, ended, lines } = await call(started, ['a', { name: 'b', actor_id: '' }, 'c']);
    await ended;
    expect(response.status).toBe(200);
    expect(lines.find((line) => 'index' in line && line.index === 1)).toMatchObject({
      status: 'failed',
      error: { code: 'INVALID_ACTOR_ID' },
    });
    expect(lines.at(-1)).toMatchObject({ done: true, total: 3, downloaded: 2, failed: 1 });
  });

  it('files each image under its own actor id, where it has one', async () => {
    const started = await start();
    started.answerAll();
    const { ended, lines } = await call(started, ['a', { name: 'b', actor_id: '0002' }]);
    await ended;
    const actors = lines.flatMap((line) => ('entry' in line ? [[line.index, line.entry.actor_id]] : []));
    expect(Object.fromEntries(actors)).toEqual({ 0: '0001', 1: '0002' });
  });

  it('answers for a cached image at once, although it is stale and S3 does not answer', async () => {
    let time = Date.now();
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => time);
    onTestFinished(() => clock.mockRestore());
    const started = await start({ revalidate: '1h' });
    const first = await call(started, ['a']);
    await soon(() => expect(started.waiting.size).toBe(1));
    started.answerOne('a');
    await first.ended;
    time += 2 * 60 * 60_000;
    const second = await call(started, ['a', 'b']);
    await soon(() => expect(second.lines).toMatchObject([{ index: 0, status: 'cached' }]));
    await soon(() =>
      expect([...started.waiting.keys()].toSorted(), 'it is asked in the background').toEqual(['a', 'b']),
    );
    expect(started.waiting.get('a')?.headers.get('if-none-match')).toBe('"1"');
  });

  it('counts them as misses and hits in memory, and not as prefetched', async () => {
    const started = await start();
    started.answerAll();
    const { lines, ended } = await call(started, ['a', 'b']);
    await ended;
    const [line] = lines;
    const path = line !== undefined && 'entry' in line ? line.entry.local_path : '';
    const shown = await started.api.get(imagePath(path));
    await shown.arrayBuffer();
    expect(shown.headers.get('cache-status')).toBe('image-cache; hit; detail=memory');
    const { prefetching, misses, hits } = await statsOf(started.api);
    expect([prefetching.loaded, misses, hits.memory]).toEqual([0, 2, 1]);
  });

  it('downloads 16 at a time, however many are asked for', async () => {
    const started = await start();
    await call(started, names('a', 100));
    await call(started, names('b', 100));
    await soon(() => expect(started.waiting.size).toBe(16));
    await wait(50);
    expect(started.most()).toBe(16);
    for (let n = 0; n < 40; n += 1) {
      const [name = ''] = started.waiting.keys();
      started.answerOne(name);
      await soon(() => expect(started.waiting.size).toBe(16));
    }
    expect(started.most()).toBe(16);
  });

  it('takes turns between a page’s few images and another’s thousand, each in its own order', async () => {
    const started = await start({ concurrency: 2 });
    await call(started, names('a', 1000));
    await soon(() => expect(started.waiting.size).toBe(2));
    await call(started, names('b', 4));
    await queued(started, 998 + 4);
    for (let n = 0; n < 10; n += 1) {
      const [name = ''] = started.waiting.keys();
      started.answerOne(name);
      await soon(() => expect(started.asked()).toHaveLength(n + 3));
    }
    const order = started.asked();
    expect(order.filter((name) => name.startsWith('a'))).toEqual(names('a', 8));
    expect(order.filter((name) => name.startsWith('b'))).toEqual(names('b', 4));
    expect(order.indexOf('b3'), order.join()).toBeLessThan(11);
  });

  it('does not make a single request wait for the thousand images of a call', async () => {
    const started = await start({ concurrency: 2 });
    await call(started, names('a', 1000));
    await soon(() => expect(started.waiting.size).toBe(2));
    await queued(started, 998);
    const single = started.api.get(imageUrl(started.urlOf('single')));
    await queued(started, 999);
    started.answerOne('a0');
    await soon(() => expect(started.asked()).toHaveLength(3));
    started.answerOne('a1');
    await soon(() => expect(started.asked().slice(2)).toContain('single'));
    started.answerAll();
    expect((await single).status).toBe(200);
  });

  it('overtakes prefetches, and fetches an image that one of them has queued only once', async () => {
    const started = await start({ concurrency: 2 });
    await call(started, names('p', 50), { priority: 'high' });
    await soon(() => expect(started.waiting.size).toBe(2));
    await call(started, ['p40']);
    await soon(() => expect(started.waiting.size).toBe(3));
    expect(started.asked()).toContain('p40');
    started.answerAll();
    await soon(() => expect(started.asked()).toHaveLength(50));
    expect(started.asked().filter((name) => name === 'p40')).toHaveLength(1);
  });

  describe('when the caller aborts', () => {
    it('drops downloads that only this caller wanted, queued and running', async () => {
      const started = await start({ concurrency: 2 });
      const { abort } = await call(started, names('a', 100));
      await soon(() => expect(started.waiting.size).toBe(2));
      abort();
      await soon(() => expect(started.gone.toSorted()).toEqual(['a0', 'a1']));
      await soon(async () => expect((await statsOf(started.api)).downloads).toMatchObject({ active: 0, queued: 0 }));
      expect(started.asked()).toHaveLength(2);
    });

    it('continues downloads that another call wants, and fetches each image exactly once', async () => {
      const started = await start({ concurrency: 4 });
      const a = await call(started, names('i', 40));
      await soon(() => expect(started.waiting.size).toBe(4));
      const b = await call(started, names('i', 40).toReversed());
      a.abort();
      await wait(50);
      expect(started.gone, 'the new call has joined them').toEqual([]);
      started.answerAll();
      await b.ended;
      expect(b.lines.at(-1)).toMatchObject({ done: true, downloaded: 40 });
      expect(started.asked().toSorted()).toEqual(names('i', 40).toSorted());
    });

    it('continues downloads that another call names by other signatures, twice each', async () => {
      const started = await start({ concurrency: 4 });
      const a = await call(started, names('i', 10));
      await soon(() => expect(started.waiting.size).toBe(4));
      const b = await call(
        started,
        ['y', 'z'].flatMap((signature) => names('i', 10).map((name) => ({ name, signature }))),
      );
      a.abort();
      await wait(50);
      expect(started.gone).toEqual([]);
      started.answerAll();
      await b.ended;
      expect(b.lines.at(-1)).toMatchObject({ done: true, downloaded: 20 });
      expect(started.asked().toSorted()).toEqual(names('i', 10));
    });

    it('continues even if the new call must first be authorized, and that takes a while', async () => {
      let allow = () => {};
      const allowed = new Promise<void>((resolve) => (allow = resolve));
      let isSlow = false;
      const authorize = async () => {
        if (isSlow) await allowed;
        return true;
      };
      const started = await start({ concurrency: 4, authorize });
      const a = await call(started, names('i', 8));
      await soon(() => expect(started.waiting.size).toBe(4));
      isSlow = true;
      const b = await call(started, names('i', 8));
      a.abort();
      await wait(50);
      expect(started.gone).toEqual([]);
      expect(started.asked(), 'a download that is not authorized yet does not begin').toHaveLength(4);
      allow();
      await wait(20);
      started.answerAll();
      await b.ended;
      expect(b.lines.at(-1)).toMatchObject({ done: true, downloaded: 8 });
      expect(started.asked().toSorted()).toEqual(names('i', 8));
    });

    it('aborts downloads that the new call may not see', async () => {
      let isAllowed = true;
      const started = await start({ authorize: () => isAllowed });
      const a = await call(started, names('i', 3));
      await soon(() => expect(started.waiting.size).toBe(3));
      isAllowed = false;
      const b = await call(started, names('i', 3));
      await b.ended;
      expect(b.lines.at(-1)).toMatchObject({ failed: 3 });
      expect(started.gone).toEqual([]);
      a.abort();
      await soon(() => expect(started.gone.toSorted()).toEqual(names('i', 3)));
    });

    it.each(['a stream', 'the whole connection'])('does the same over HTTP/2 if %s ends', async (what) => {
      const started = await start({ concurrency: 4 });
      const session = await http2Session(started.api.images.router);
      const open = async (images: readonly string[]) => {
        const stream = session.request({
          ':method': 'POST',
          ':path': '/prefetch',
          'content-type': 'application/json',
          accept: 'application/x-ndjson',
        });
        stream.on('error', () => {}).resume();
        stream.end(
          JSON.stringify({
            actor_id: '1',
            priority: 'visible',
            images: images.map((name) => ({ s3_url: started.urlOf(name) })),
          }),
        );
        const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]; // as documented
        expect(headers[':status'], 'its headers are here before any image').toBe(200);
        return stream;
      };
      const a = await open(names('a', 8));
      await soon(() => expect(started.waiting.size).toBe(4));
      // An image that is asked for by itself, of a page that is left.
      const image = session.request({ ':path': imageUrl(started.urlOf('image')) }).on('error', () => {});
      await queued(started, 5);
      image.close(constants.NGHTTP2_CANCEL);
      await queued(started, 4);
      if (what === 'a stream') a.close(constants.NGHTTP2_CANCEL);
      else session.destroy();
      await soon(() => expect(started.gone.toSorted()).toEqual(names('a', 4)));
      await soon(async () => expect((await statsOf(started.api)).downloads).toMatchObject({ active: 0, queued: 0 }));
    });

    it('leaves an image to a prefetch that wants it as well, which then waits for its own turn', async () => {
      const started = await start({ concurrency: 1 });
      await call(started, ['p0', 'p1', 'p2'], { priority: 'normal' });
      await soon(() => expect(started.asked()).toEqual(['p0']));
      const seen = await call(started, ['v0', 'p2']);
      await soon(() => expect(started.asked()).toEqual(['p0', 'v0']));
      seen.abort();
      await soon(() => expect(started.gone).toEqual(['v0']));
      started.answerOne('p0');
      await soon(() => expect(started.asked()).toEqual(['p0', 'v0', 'p1']));
    });
  });
});
