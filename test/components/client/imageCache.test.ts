import type { CacheEvent } from '../../../plugin/protocol.ts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCacheClient } from '../../../components/client/cacheClient.ts';
import { imageCacheOf } from '../../../components/client/imageCache.ts';
import { BUCKET, type CacheServer, entryOf, presign, startCacheServer } from '../cacheServer.ts';

let server: CacheServer;
beforeEach(async () => void (server = await startCacheServer()));
afterEach(() => server.close());

test('all look-ups of a tick are one request, and one object is asked for once', async () => {
  server.cached.set(`${BUCKET}/a.jpg`, entryOf('a.jpg'));
  const cache = imageCacheOf(server.client);
  const answers = await Promise.all([
    cache.lookup(presign('a.jpg', 'one')),
    cache.lookup(presign('a.jpg', 'two')),
    cache.lookup(presign('b.jpg')),
  ]);
  expect(answers).toEqual([entryOf('a.jpg'), entryOf('a.jpg'), null]);
  expect(server.lookups).toEqual([{ urls: [presign('a.jpg', 'one'), presign('b.jpg')] }]);
});

test('more than 1,000 look-ups are split', async () => {
  const urls = Array.from({ length: 1_001 }, (_, index) => presign(`${index}.jpg`));
  await Promise.all(urls.map((url) => server.client.lookup(url)));
  expect(server.lookups.map(({ urls: { length } }) => length)).toEqual([1_000, 1]);
});

test('a refusal carries code, status, detail and hint', async () => {
  await expect(imageCacheOf(server.client).clearActorCache('no/such')).rejects.toMatchObject({
    name: 'ImageCacheRequestError',
    code: 'NOT_FOUND',
    status: 404,
    detail: 'No POST /clear/no%2Fsuch.',
    hint: 'Look again.',
  });
});

test('a server that is gone is UNREACHABLE', async () => {
  const gone = await startCacheServer();
  await gone.close();
  await expect(imageCacheOf(gone.client).getStats()).rejects.toMatchObject({ code: 'UNREACHABLE', status: 0 });
});

test('without a server look-ups are misses, calls are refused, and nothing is sent', async () => {
  const cache = imageCacheOf(createCacheClient({ baseUrl: () => undefined }));
  expect(await cache.lookup(presign('a.jpg'))).toBeNull();
  await expect(cache.getStats()).rejects.toMatchObject({ code: 'NOT_CONFIGURED' });
});

test('without a socket a change is announced by the page that made it, without a signature', async () => {
  const cache = imageCacheOf(server.client);
  const events: CacheEvent[] = [];
  cache.subscribe((event) => events.push(event));
  await cache.invalidate(presign('a.jpg'));
  server.client.known.set(`${BUCKET}/a.jpg`, entryOf('a.jpg'));
  await cache.clearActorCache('0001');
  await cache.clearAll();
  expect(events).toEqual([
    { type: 'invalidated', s3_urls: [`${BUCKET}/a.jpg`] },
    { type: 'cleared', actor_id: '0001', s3_urls: [`${BUCKET}/a.jpg`] },
    { type: 'cleared', s3_urls: [] },
  ]);
});

test("the server's own event makes the page's announcement unnecessary", async () => {
  const cache = imageCacheOf(server.client);
  const events: CacheEvent[] = [];
  cache.subscribe((event) => events.push(event));
  const call = cache.invalidate(presign('a.jpg'));
  server.emit({ type: 'invalidated', s3_urls: [`${BUCKET}/a.jpg`] });
  expect(await call).toEqual({ invalidated: 1 });
  expect(events).toHaveLength(1);
  expect(server.client.known.get(`${BUCKET}/a.jpg`).revision).toBe(1);
});

test('exists asks by URL or by path', async () => {
  const cache = imageCacheOf(server.client);
  expect(await cache.exists(presign('a.jpg'))).toBe(false);
  server.cached.set(`${BUCKET}/a.jpg`, entryOf('a.jpg'));
  expect(await cache.exists('.image-cache/images/0001/a.jpg')).toBe(true);
});
