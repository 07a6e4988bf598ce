import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, expect, it, vi } from 'vitest';
import { keepInStep } from '../../../components/client/offline/keepInStep.ts';
import { createOfflineStore, type OfflineImage } from '../../../components/client/offline/offlineStore.ts';
import { pictureId } from '../../../components/client/offline/pictureId.ts';
import type { CacheEvent, LookupRequest, ManifestEntry } from '../../../plugin/protocol.ts';
import { BUCKET, entryOf } from '../cacheServer.ts';

const BASE = 'https://app.example/api/cache';
const url = (key: string) => `${BUCKET}/${key}`;

let asked: string[][];
/** What the server has, by name. */
let entries: Record<string, ManifestEntry | null>;

beforeEach(() => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  asked = [];
  entries = {};
  vi.stubGlobal('fetch', async (_: string, { body }: { body: string }) => {
    const { urls } = JSON.parse(body) as LookupRequest;
    asked.push(urls);
    return Response.json({ entries: Object.fromEntries(urls.map((name) => [name, entries[name] ?? null])) });
  });
});

async function keep(...images: Partial<OfflineImage>[]): Promise<void> {
  const store = createOfflineStore();
  for (const [used, image] of images.entries()) {
    const picture = await pictureId(image.url ?? '');
    const key = image.key ?? `${image.url}`;
    const kept = { picture, isServed: true, user: '', size: 1, stored: 0, used, ...image, key };
    const { session } = await store.look(kept);
    await store.put(kept, new Blob(['1']), session);
  }
  await store.close();
}

async function keys(): Promise<string[]> {
  const store = createOfflineStore();
  const images = await store.list();
  await store.close();
  return images.map(({ key }) => key.replace(`${BUCKET}/`, ''));
}

async function hear(lastEventId: string, event?: CacheEvent): Promise<void> {
  const done = keepInStep(BASE, { lastEventId, ...(event && { event }) });
  await vi.advanceTimersByTimeAsync(1_000);
  await done;
}

it('what is invalidated or cleared goes, in all variants; what the bucket itself has shown stays', async () => {
  const [a, b, c] = ['a.jpg', 'b.jpg', 'c.jpg'].map((key) => ({ url: url(key) }));
  await keep(a ?? {}, { ...a, key: 'a small' }, b ?? {}, { ...c, isServed: false });
  await hear('1', { type: 'invalidated', s3_urls: [url('a.jpg'), url('c.jpg')] });
  expect(await keys()).toEqual(['b.jpg', 'c.jpg']);
  await hear('2', { type: 'cleared', s3_urls: [] });
  expect(await keys()).toEqual(['c.jpg']);
  expect(asked).toEqual([]);
});

it('what has changed goes, and what was only made smaller stays', async () => {
  const changed = { ...entryOf('a.jpg'), sha256: 'a'.repeat(64) };
  const smaller = { ...entryOf('b.jpg'), sha256: 'c'.repeat(64), original_sha256: 'b'.repeat(64) };
  await keep(
    { url: url('a.jpg'), digest: '0'.repeat(32) },
    { url: url('b.jpg'), digest: 'b'.repeat(32) },
    { url: url('c.jpg') },
  );
  await hear('1', { type: 'stored', entry: changed });
  await hear('2', { type: 'stored', entry: smaller });
  await hear('3', { type: 'stored', entry: entryOf('c.jpg') });
  expect(await keys()).toEqual(['b.jpg', 'c.jpg']);
});

it('I50: a page that has missed nothing asks nothing; one that has asks about all that the server has shown', async () => {
  const path = '.image-cache/images/x/x_0_1.jpg';
  await keep(
    { url: url('a.jpg') },
    { url: url('b.jpg') },
    { key: 'path', path, picture: 'p' },
    { url: url('d.jpg'), isServed: false },
  );
  await hear('7', { type: 'invalidated', s3_urls: [url('other.jpg')] });
  await hear('7');
  expect(asked).toEqual([]);
  entries = { [url('b.jpg')]: entryOf('b.jpg'), [path]: entryOf('c.jpg') };
  await hear('8');
  expect(asked).toEqual([[url('a.jpg'), url('b.jpg'), path]]);
  expect(await keys()).toEqual(['b.jpg', 'path', 'd.jpg']);
});

it('a server that does not answer is asked again at the next start', async () => {
  await keep({ url: url('a.jpg') });
  const answers = globalThis.fetch;
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')));
  await hear('8');
  expect(await keys()).toEqual(['a.jpg']);
  vi.stubGlobal('fetch', answers);
  await hear('8');
  expect(await keys()).toEqual([]);
});

it('leaves nothing behind where nothing was ever kept', async () => {
  await hear('1', { type: 'cleared', s3_urls: [] });
  expect(await indexedDB.databases()).toEqual([]);
});

it('many events at once are looked at together', async () => {
  await keep({ url: url('a.jpg') });
  const open = vi.spyOn(indexedDB, 'open');
  const all = Array.from({ length: 100 }, (_, n) => hear(String(n), { type: 'stored', entry: entryOf(`${n}.jpg`) }));
  await Promise.all(all);
  expect(open).toHaveBeenCalledTimes(1);
});
