import { type StatsFs, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ImageCache } from '../../../plugin/cache/imageCache.ts';
import { bytesOf, openCache } from '../../helpers/cache.ts';
import { refusal } from '../../helpers/source.ts';

/** What the disk says of itself; a full one cannot be had on demand. `undefined`: as it is. */
const disk = vi.hoisted((): { of: (() => Partial<StatsFs>) | undefined } => ({ of: undefined }));

vi.mock('node:fs/promises', async (importActual) => {
  const real = await importActual<typeof import('node:fs/promises')>();
  return { ...real, statfs: async (path: string) => disk.of?.() ?? real.statfs(path) };
});

afterEach(() => {
  disk.of = undefined;
});

const MB = 1e6;
const DAY = 24 * 3600_000;

/** A disk in blocks of one byte. */
function ofSize(size: number, free: () => number): void {
  disk.of = () => ({ bsize: 1, blocks: size, bavail: free() });
}

async function fill(cache: ImageCache, ...names: string[]): Promise<string[]> {
  const results = [];
  for (const name of names) results.push(await cache.prefetch({ s3_url: `mem:${name}` }, 'a'));
  return results.map((result) => (result.status === 'failed' ? result.error.code : result.status));
}

describe('minFreeSpace', () => {
  it('T56: below it new images fail with CACHE_DISK_FULL, cached ones are served, and it recovers by itself', async () => {
    let free = 1000 * MB;
    ofSize(100e9, () => free);
    const { cache, source } = await openCache({ minFreeSpace: 500 * MB });
    expect(await fill(cache, 'old')).toEqual(['downloaded']);
    free = 400 * MB;
    await vi.waitFor(async () => expect(await fill(cache, `${Math.random()}`)).toEqual(['CACHE_DISK_FULL']), 3000);
    const asked = source.downloads;
    expect((await refusal(cache.readUrl('mem:new'))).code).toBe('CACHE_DISK_FULL');
    expect(source.downloads, 'S3 is not asked in vain').toBe(asked);
    expect((await cache.readUrl('mem:old')).body.equals(bytesOf('old'))).toBe(true);
    free = 600 * MB;
    expect(await fill(cache, 'new')).toEqual(['downloaded']);
  });

  it('images that were not used for a day are evicted first, no more than needed, and never pinned ones', async () => {
    let now = Date.UTC(2026, 0, 1);
    const first = await openCache({ now: () => (now += 1) });
    await fill(first.cache, 'pinned', 'old1', 'old2', 'old3');
    await first.cache.pin({ s3_url: 'mem:pinned' });
    await first.cache.close();

    now += 2 * DAY;
    const { cache, dir } = await openCache({ dir: first.dir, now: () => (now += 1), minFreeSpace: 10_000 });
    expect(await fill(cache, 'recent')).toEqual(['downloaded']);
    // Each of the five images has 2,000 bytes; 3,000 are missing.
    ofSize(100e9, () => 17_000 - 2000 * readdirSync(join(dir, 'images', 'a')).length);
    await vi.waitFor(async () => {
      await cache.prefetch({ s3_url: `mem:${now}` }, 'a');
      expect(await cache.find('mem:old1')).toBeUndefined();
    }, 3000);
    const entries = await cache.lookup(['pinned', 'old1', 'old2', 'recent'].map((name) => `mem:${name}`));
    expect(entries.map((entry) => entry !== undefined)).toEqual([true, false, false, true]);
  });

  it('images that were used today stay, however full the disk is', async () => {
    const first = await openCache();
    await fill(first.cache, 'today');
    await first.cache.close();
    const { cache } = await openCache({ dir: first.dir, minFreeSpace: 10_000 });
    ofSize(100e9, () => 0);
    expect(await fill(cache, 'new')).toEqual(['CACHE_DISK_FULL']);
    expect(await fill(cache, 'today')).toEqual(['cached']);
  });

  it('is a twentieth of a small disk by default', async () => {
    let free = 0.6 * MB;
    ofSize(10 * MB, () => free);
    const { cache } = await openCache();
    expect(await fill(cache, 'one')).toEqual(['downloaded']);
    free = 0.4 * MB;
    const next = await openCache();
    expect(await fill(next.cache, 'one')).toEqual(['CACHE_DISK_FULL']);
  });

  it('0 lets the disk fill up, and a file system that does not report its free space counts as having room', async () => {
    ofSize(10 * MB, () => 0);
    const { cache } = await openCache({ minFreeSpace: 0 });
    expect(await fill(cache, 'one')).toEqual(['downloaded']);
    ofSize(0, () => 0);
    const other = await openCache();
    expect(await fill(other.cache, 'one')).toEqual(['downloaded']);
  });
});
