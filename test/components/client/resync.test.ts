import { afterEach, beforeEach, expect, test } from 'vitest';
import { resync } from '../../../components/client/resync.ts';
import type { CacheEvent } from '../../../plugin/protocol.ts';
import { BUCKET, type CacheServer, entryOf, startCacheServer } from '../cacheServer.ts';

let server: CacheServer;
beforeEach(async () => void (server = await startCacheServer()));
afterEach(() => server.close());

const keyOf = (name: string): string => `${BUCKET}/${name}`;

test('after events were missed, what is gone or another image is announced, and nothing else', async () => {
  const { client, cached } = server;
  for (const name of ['same.jpg', 'gone.jpg', 'other.jpg']) client.known.set(keyOf(name), entryOf(name));
  cached.set(keyOf('same.jpg'), entryOf('same.jpg'));
  cached.set(keyOf('other.jpg'), entryOf('other.jpg', { sha256: 'cd' }));
  const heard: CacheEvent[] = [];
  client.subscribe((event) => heard.push(event));
  await resync(client);
  expect(heard).toEqual([{ type: 'invalidated', s3_urls: [keyOf('gone.jpg'), keyOf('other.jpg')] }]);
  expect(client.known.get(keyOf('same.jpg')).entry).toEqual(entryOf('same.jpg'));
});

test('a page that knows nothing asks nothing', async () => {
  await resync(server.client);
  expect(server.calls).toEqual([]);
});

test('very many are asked about in parts', async () => {
  for (let n = 0; n < 1_200; n += 1) server.client.known.set(keyOf(`${n}.jpg`), entryOf(`${n}.jpg`));
  await resync(server.client);
  expect(server.lookups.map(({ urls }) => urls.length)).toEqual([500, 500, 200]);
});

test('a server that does not answer changes nothing', async () => {
  server.client.known.set(keyOf('a.jpg'), entryOf('a.jpg'));
  await server.close();
  await resync(server.client);
  expect(server.client.known.get(keyOf('a.jpg')).entry).toEqual(entryOf('a.jpg'));
  server = await startCacheServer();
});
