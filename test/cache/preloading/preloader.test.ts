import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ImageCache } from '../../../plugin/cache/imageCache.ts';
import { ManifestIndex } from '../../../plugin/cache/manifest/manifestIndex.ts';
import { MemoryTier } from '../../../plugin/cache/store/memoryTier.ts';
import { Preloader } from '../../../plugin/cache/preloading/preloader.ts';
import type { ManifestEntry } from '../../../plugin/protocol.ts';
import { entryOf } from '../../helpers/entries.ts';
import { neighboursOf } from '../../../plugin/cache/preloading/neighboursOf.ts';
import { type TestCache, bytesOf, openCache } from '../../helpers/cache.ts';
import { MemorySource } from '../../helpers/memorySource.ts';

const IMAGE_BYTES = 10_000;
/** What an image takes up in memory, roughly. */
const ROOM = 11_100;

/** `00`, `01` … */
const nameOf = (n: number) => String(n).padStart(2, '0');

function clock() {
  let time = Date.UTC(2026, 0, 1);
  return () => (time += 1);
}

/** A cache that was filled with so many images of actor `a`, and opened again: nothing is in memory. */
async function reopen(count: number, settings: Parameters<typeof openCache>[0] = {}, used: readonly number[] = []) {
  const source = () => new MemorySource((name) => bytesOf(name, IMAGE_BYTES));
  const now = clock();
  const first = await openCache({ source: source(), memoryMaxSize: 0, now });
  for (let n = 0; n < count; n += 1) await first.cache.prefetch({ s3_url: `mem:${nameOf(n)}` }, 'a');
  for (const n of used) await first.cache.readUrl(`mem:${nameOf(n)}`);
  await first.cache.close();
  return openCache({ source: source(), dir: first.dir, memoryPreload: true, now, ...settings });
}

const preloading = async ({ cache }: { cache: ImageCache }) => (await cache.stats()).preloading;

/** How many were preloaded when no more come. */
async function loaded(opened: TestCache, atLeast = 1): Promise<number> {
  await expect.poll(async () => (await preloading(opened)).loaded).toBeGreaterThanOrEqual(atLeast);
  await sleep(200);
  return (await preloading(opened)).loaded;
}

async function tierOf({ cache }: TestCache, n: number): Promise<string> {
  return (await cache.readUrl(`mem:${nameOf(n)}`)).tier;
}

describe('the neighbours of an image', () => {
  it('are those on both sides in the order of S3, the nearest first, more of them forwards', async () => {
    const keys = Array.from({ length: 30 }, (_, n) => nameOf(n));
    const shuffled = keys.toSorted((a, b) => bytesOf(a).compare(bytesOf(b)));
    const after = ['16', '17', '18', '19', '20', '21', '22', '23'];
    expect(await neighboursOf('15', shuffled)).toEqual([...after, '14', '13', '12', '11']);
    expect(await neighboursOf('00', ['00'])).toEqual([]);
    expect(await neighboursOf('28', shuffled)).toEqual(['29', '27', '26', '25', '24']);
  });

  it('are in memory soon after it was served; those of other actors are not', async () => {
    const opened = await reopen(20);
    await opened.cache.prefetch({ s3_url: 'mem:06' }, 'b');
    await opened.cache.prefetch({ s3_url: 'mem:05x' }, 'c');
    expect(await tierOf(opened, 5)).toBe('disk');
    expect(await loaded(opened, 12)).toBe(12);
    expect(await preloading(opened)).toEqual({
      loaded: 12,
      bytes: 12 * IMAGE_BYTES,
      useful_bytes: 0,
      wasted_bytes: 0,
    });
    expect(await tierOf(opened, 6)).toBe('memory');
    expect(await tierOf(opened, 1)).toBe('memory');
    expect(await tierOf(opened, 6)).toBe('memory');
    expect((await preloading(opened)).useful_bytes).toBe(2 * IMAGE_BYTES);
    expect(opened.source.downloads).toBe(1);
  });

  it('wait while an image is served or read from disk; serving one stops the rest', async () => {
    const index = new ManifestIndex('.image-cache/');
    for (let n = 0; n < 20; n += 1) index.apply({ op: 'put', entry: entryOf(n) });
    let now = 0;
    const read: string[] = [];
    const imageStore = {
      isBusy: false,
      preload: async ({ s3_url }: ManifestEntry) => {
        read.push(s3_url);
        if (read.length === 3) preloader.served(entryOf(5));
      },
    };
    const memory = new MemoryTier(1e6);
    const logger = { debug: undefined, info: () => undefined, warn: () => undefined };
    const preloader = new Preloader({
      store: { index },
      imageStore,
      memory,
      logger,
      isEnabled: true,
      elapsed: () => now,
    });
    onTestFinished(() => preloader.close());
    preloader.start();
    preloader.served(entryOf(5));
    await sleep(200);
    expect(read).toEqual([]);
    now += 1000;
    imageStore.isBusy = true;
    await sleep(200);
    expect(read).toEqual([]);
    imageStore.isBusy = false;
    await expect.poll(() => read.length).toBe(3);
    await sleep(200);
    expect(read).toHaveLength(3);
    now += 1000;
    await expect.poll(() => read.length).toBe(3 + 8); // 5.jpg has four after it, and more than four before
  });
});

describe('after a start', () => {
  it('images that were used last are read, the latest first, into half of the tier', async () => {
    const used = [3, 9, 1, 7, 5, 0, 8, 2, 6, 4];
    const opened = await reopen(10, { memoryMaxSize: 6 * ROOM }, used);
    await opened.cache.stats();
    expect(await loaded(opened, 3)).toBe(3);
    const tiers = used.map((n) => opened.cache.find(`mem:${nameOf(n)}`));
    const inMemory = (await Promise.all(tiers)).map(
      (entry) => opened.cache.peek(entry?.local_path ?? '') !== undefined,
    );
    expect(inMemory).toEqual(used.map((_, nth) => nth >= 7));
  });

  it('images that were only prefetched are not read', async () => {
    const opened = await reopen(10, {}, [4]);
    await opened.cache.stats();
    expect(await loaded(opened)).toBe(1);
  });
});

describe('the memory tier', () => {
  it('loses no image to preloaded ones, and evicts those first', async () => {
    const opened = await reopen(30, { memoryMaxSize: 8 * ROOM });
    const asked = [20, 21, 22, 23, 24];
    for (const n of asked) await tierOf(opened, n);
    expect(await loaded(opened, 3)).toBe(3);
    for (const n of [0, 1, 2]) await tierOf(opened, n);
    expect(await preloading(opened)).toMatchObject({ useful_bytes: 0, wasted_bytes: 3 * IMAGE_BYTES });
    for (const n of asked) expect(await tierOf(opened, n)).toBe('memory');
  });

  it('keeps a preloaded image once it was requested', async () => {
    const opened = await reopen(30, { memoryMaxSize: 8 * ROOM });
    await tierOf(opened, 20);
    await loaded(opened, 7);
    expect(await tierOf(opened, 21)).toBe('memory');
    for (const n of [0, 1, 2, 3, 4]) await tierOf(opened, n);
    expect(await tierOf(opened, 21)).toBe('memory');
  });

  it.each([
    ['there is none', { memoryMaxSize: 0 }],
    ['it is not to be preloaded', { memoryPreload: false }],
  ])('gets nothing when %s', async (_, settings) => {
    const opened = await reopen(5, settings, [1]);
    await tierOf(opened, 2);
    await sleep(300);
    expect((await preloading(opened)).loaded).toBe(0);
  });
});

describe('a file that is read ahead', () => {
  it('T54: is checked as at the first read: a damaged one is put aside, and fetched again when it is requested', async () => {
    const opened = await reopen(2);
    const { cache, dir, source } = opened;
    const damaged = await cache.find('mem:01');
    await writeFile(join(dir, (damaged?.local_path ?? '').replace('.image-cache/', '')), Buffer.alloc(IMAGE_BYTES));
    await tierOf(opened, 0);
    await expect.poll(() => readdir(join(dir, 'quarantine')).catch(() => [])).toHaveLength(1);
    await expect.poll(() => cache.find('mem:01')).toBeUndefined();
    expect((await preloading(opened)).loaded).toBe(0);
    expect((await cache.readUrl('mem:01')).body.equals(bytesOf('01', IMAGE_BYTES))).toBe(true);
    expect(source.downloads).toBe(1);
  });

  it('is the last one when the cache is closed', async () => {
    const opened = await reopen(20);
    await tierOf(opened, 5);
    await opened.cache.close();
    await sleep(200);
    expect(opened.warnings).toEqual([]);
  });
});

describe('a prefetched image', () => {
  it('counts as useful when it was served, and as wasted when it was evicted without being served', async () => {
    const source = new MemorySource((name) => bytesOf(name, IMAGE_BYTES));
    const { cache } = await openCache({ source });
    for (const name of ['00', '01', '02']) await cache.prefetch({ s3_url: `mem:${name}` }, 'a');
    await cache.readUrl('mem:seen');
    await cache.readUrl('mem:00');
    await cache.readUrl('mem:00');
    await cache.invalidate('mem:01');
    expect((await cache.stats()).prefetching).toEqual({
      loaded: 3,
      bytes: 3 * IMAGE_BYTES,
      useful_bytes: IMAGE_BYTES,
      wasted_bytes: IMAGE_BYTES,
    });
  });
});
