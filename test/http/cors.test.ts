import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { applyCors } from '../../plugin/http/cors.ts';
import { jpeg } from '../helpers/images.ts';
import { imageUrl, startApi, startBucket } from '../helpers/stack.ts';

/** The `Vary` of an answer to which a server around us gave one already. */
async function varyOf(allowedOrigins: readonly string[], outer: string | string[] | undefined): Promise<string | null> {
  const server = createServer((request, response) => {
    if (outer !== undefined) response.setHeader('Vary', outer);
    applyCors({ allowedOrigins, authorize: undefined }, request, response);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  // An object and not a pipe's name, because the server listens on TCP.
  const { port } = server.address() as AddressInfo;
  const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { Connection: 'close' } });
  return answer.headers.get('vary');
}

it.each([
  [undefined, 'Origin'],
  ['', 'Origin'],
  ['Accept-Encoding', 'Accept-Encoding, Origin'],
  [['Accept-Encoding', 'Accept'], 'Accept-Encoding, Accept, Origin'],
  ['X-Origin', 'X-Origin, Origin'],
  ['Accept-Encoding,origin', 'Accept-Encoding,origin'],
  [['Accept', 'Origin'], 'Accept, Origin'],
  ['*', '*'],
])('adds to a Vary of %j that the answer varies with the origin', async (outer, expected) => {
  expect((await varyOf(['https://admin.example.com'], outer))?.replace(/^, /, '')).toBe(expected);
});

it('does not change a Vary if no other origins are allowed', async () => {
  expect(await varyOf([], 'Accept-Encoding')).toBe('Accept-Encoding');
  expect(await varyOf([], undefined)).toBeNull();
});

describe('B17: what a page of a listed origin may do', () => {
  const PAGE = 'capacitor://localhost';

  async function start(options: Parameters<typeof startApi>[1] = {}) {
    const bucket = await startBucket();
    bucket.server.put('photos', 'a.jpg', await jpeg(1));
    const api = await startApi(bucket, { allowedOrigins: [PAGE], ...options });
    return { api, image: imageUrl(await bucket.presign('a.jpg')) };
  }

  const headersOf = async (answer: Promise<Response>) => {
    const { headers, body } = await answer;
    await body?.cancel();
    return Object.fromEntries(headers);
  };

  it('reads images, their timing and their headers', async () => {
    const { api, image } = await start();
    const headers = await headersOf(api.get(image, { Origin: PAGE }));
    expect(headers).toMatchObject({
      'access-control-allow-origin': PAGE,
      'timing-allow-origin': PAGE,
      'cross-origin-resource-policy': 'cross-origin',
      vary: 'Origin',
    });
    const exposed = headers['access-control-expose-headers']?.split(', ');
    expect(exposed).toEqual(
      expect.arrayContaining(['X-Cache', 'Cache-Status', 'Server-Timing', 'ETag', 'Retry-After']),
    );
    expect(headers, 'there is nothing to be decided by a cookie').not.toHaveProperty(
      'access-control-allow-credentials',
    );
  });

  it('reads errors, variants, parts and 304, too', async () => {
    const { api, image } = await start();
    const etag = (await headersOf(api.get(image, { Origin: PAGE })))['etag'] ?? '';
    const asked: [string, Record<string, string>][] = [
      ['/image?url=s3://other/a.jpg', {}],
      ['/nothing', {}],
      [`${image}&w=64`, {}],
      [image, { Range: 'bytes=0-9' }],
      [image, { 'If-None-Match': etag }],
    ];
    for (const [path, more] of asked) {
      const headers = await headersOf(api.get(path, { Origin: PAGE, ...more }));
      expect(headers, path).toMatchObject({
        'access-control-allow-origin': PAGE,
        vary: expect.stringContaining('Origin'),
      });
    }
  });

  it('may send cookies if there is an `authorize`', async () => {
    const { api, image } = await start({ authorize: () => true });
    const asked = { Origin: PAGE, 'Access-Control-Request-Method': 'POST' };
    for (const answer of [
      api.get(image, { Origin: PAGE }),
      fetch(`${api.base}/prefetch`, { method: 'OPTIONS', headers: asked }),
    ]) {
      expect(await headersOf(answer)).toMatchObject({ 'access-control-allow-credentials': 'true' });
    }
  });

  it.each(['null', 'capacitor://localhost.evil.example', 'Capacitor://localhost', 'capacitor://localhost/', '*'])(
    'is refused for %s',
    async (origin) => {
      const { api, image } = await start({ authorize: () => true });
      const answer = await api.get(image, { Origin: origin });
      expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([403, null]);
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull();
    },
  );
});
