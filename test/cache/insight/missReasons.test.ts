import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import type { ImageCache } from '../../../plugin/cache/imageCache.ts';
import { inWords } from '../../../plugin/cache/insight/missReason.ts';
import { createCache, openCache } from '../../helpers/cache.ts';

const MINUTE = 60_000;

function clock(start = Date.UTC(2026, 0, 1)) {
  let time = start;
  return { now: () => (time += 1), forward: (ms: number) => void (time += ms) };
}

const prefetch = async (cache: ImageCache, ...names: string[]) => {
  for (const name of names) await cache.prefetch({ s3_url: `mem:${name}` }, 'a');
};
const why = (cache: ImageCache, name: string) => cache.insight.recorder.explain(`mem:${name}`);

describe('why an image is not in the cache', () => {
  it('nothing is known of an image that never was there', async () => {
    const { cache } = await openCache();
    await cache.stats();
    expect(why(cache, 'x')).toEqual({ reason: 'first_seen', words: 'first seen' });
  });

  it('it was evicted, by which option and when', async () => {
    const { now, forward } = clock();
    const { cache } = await openCache({ maxEntries: 2, now });
    await prefetch(cache, 'x', 'y', 'z');
    forward(3 * MINUTE);
    expect(why(cache, 'x')).toMatchObject({
      reason: 'evicted',
      cause: 'maxEntries',
      words: 'evicted 3 min ago: maxEntries',
    });
  });

  it.each([
    ['maxSize', { maxSize: 5000 }],
    ['quotas', { quotaOf: () => 5000 }],
  ] as const)('%s', async (cause, settings) => {
    const { cache } = await openCache(settings);
    await prefetch(cache, 'x', 'y', 'z');
    expect(why(cache, 'x')).toMatchObject({ reason: 'evicted', cause });
  });

  it('nothing had used it for maxAge: it has aged out, which is not the same as having had no room', async () => {
    const { now, forward } = clock();
    const dir = (await openCache()).dir;
    const first = createCache({ dir, now });
    await prefetch(first.cache, 'x');
    await first.cache.close();
    forward(61 * MINUTE);
    const { cache } = await openCache({ dir, now, maxAge: 60 * MINUTE });
    await cache.stats();
    await vi.waitFor(() => expect(why(cache, 'x')).toMatchObject({ reason: 'aged_out', cause: 'maxAge' }));
  });

  it('it was invalidated, or cleared with its actor', async () => {
    const { cache } = await openCache();
    await prefetch(cache, 'x', 'y');
    await cache.invalidate('mem:x');
    await cache.clear('a');
    expect([why(cache, 'x'), why(cache, 'y')]).toMatchObject([{ reason: 'invalidated' }, { reason: 'cleared' }]);
  });

  it('its file was gone, or had other bytes', async () => {
    const { cache, dir } = await openCache({ memoryMaxSize: 0 });
    await prefetch(cache, 'x', 'y');
    const [x, y] = await cache.lookup(['mem:x', 'mem:y']);
    const pathOf = (path = '') => join(dir, path.replace('.image-cache/', ''));
    await rm(pathOf(x?.local_path));
    await writeFile(pathOf(y?.local_path), 'other bytes');
    await cache.readUrl('mem:x');
    await cache.readUrl('mem:y');
    expect([why(cache, 'x'), why(cache, 'y')]).toMatchObject([
      { reason: 'missing', words: 'its file was gone just now' },
      { reason: 'damaged', words: 'its file was damaged just now' },
    ]);
  });

  it('verify finds the same', async () => {
    const { cache, dir } = await openCache({ memoryMaxSize: 0 });
    await prefetch(cache, 'x', 'y');
    const [x, y] = await cache.lookup(['mem:x', 'mem:y']);
    const pathOf = (path = '') => join(dir, path.replace('.image-cache/', ''));
    await rm(pathOf(x?.local_path));
    await writeFile(pathOf(y?.local_path), 'other bytes');
    expect(await cache.verify()).toMatchObject({ missing: 1, damaged: 1, dropped: 2 });
    expect([why(cache, 'x').reason, why(cache, 'y').reason]).toEqual(['missing', 'damaged']);
  });

  it('the directory was emptied', async () => {
    const { cache, dir } = await openCache();
    await prefetch(cache, 'x');
    await rm(dir, { recursive: true });
    await cache.stats();
    await vi.waitFor(() => expect(why(cache, 'x').reason).toBe('reset'));
  });
});

describe('the next process knows it, too', () => {
  it('after a clean end, whose snapshot says nothing of what was removed', async () => {
    const { dir } = await openCache();
    const first = createCache({ dir, maxEntries: 2 });
    await prefetch(first.cache, 'x', 'y', 'z');
    await first.cache.invalidate('mem:z');
    await first.cache.close();
    const { cache } = await openCache({ dir });
    await cache.stats();
    await vi.waitFor(() => expect(why(cache, 'x')).toMatchObject({ reason: 'evicted', cause: 'maxEntries' }));
    expect(why(cache, 'z').reason).toBe('invalidated');
  });

  it('and so does another process on the directory, at once', async () => {
    const { cache, dir } = await openCache();
    const other = await openCache({ dir });
    await prefetch(cache, 'x');
    await other.cache.stats();
    await cache.clear();
    await other.cache.stats();
    expect(why(other.cache, 'x').reason).toBe('cleared');
  });

  it('each departure is written once, by the process that caused it', async () => {
    const { dir } = await openCache();
    const [one, other] = [createCache({ dir }), createCache({ dir })];
    await prefetch(one.cache, 'x');
    await other.cache.stats();
    await one.cache.invalidate('mem:x');
    await other.cache.stats();
    await Promise.all([one.cache.close(), other.cache.close()]);
    const lines = (await readFile(join(dir, 'departures.ndjson'), 'utf8')).split('\n').filter(Boolean);
    expect(lines).toHaveLength(1);
  });

  it('whatever else is in the file: torn lines, other versions, other things', async () => {
    const { dir } = await openCache();
    const first = createCache({ dir });
    await prefetch(first.cache, 'x', 'y');
    await first.cache.invalidate('mem:x');
    await first.cache.close();
    const hostile =
      '{"reason":"evicted","keys":[1]}\nnull\n[]\n{"reason":"later","removed_at":1,"keys":[]}\n{"reason":"evi';
    await appendFile(join(dir, 'departures.ndjson'), hostile);
    const second = createCache({ dir });
    await second.cache.invalidate('mem:y');
    await second.cache.close();
    const { cache } = await openCache({ dir });
    await cache.stats();
    await vi.waitFor(() =>
      expect([why(cache, 'x').reason, why(cache, 'y').reason]).toEqual(['invalidated', 'invalidated']),
    );
  });
});

it.each([
  [0, 'cleared just now'],
  [-5000, 'cleared just now'],
  [1500, 'cleared 1 s ago'],
  [2 * 3_600_000, 'cleared 2 h ago'],
  [72 * 3_600_000, 'cleared 3 d ago'],
])('%d ms ago: %s', (ms, words) => {
  expect(inWords({ reason: 'cleared', removed_at: 1e12 }, 1e12 + ms)).toBe(words);
});
