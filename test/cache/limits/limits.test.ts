import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ImageCache } from '../../../plugin/cache/imageCache.ts';
import type { Manifest } from '../../../plugin/protocol.ts';
import { bytesOf, openCache } from '../../helpers/cache.ts';
import { MemorySource } from '../../helpers/memorySource.ts';
import { refusal } from '../../helpers/source.ts';

const HOUR = 3600_000;

/** Which of these are cached. */
async function kept(cache: ImageCache, ...names: string[]): Promise<string[]> {
  const entries = await cache.lookup(names.map((name) => `mem:${name}`));
  return names.filter((_, n) => entries[n] !== undefined);
}

async function prefetch(cache: ImageCache, actor: string, ...names: string[]): Promise<void> {
  for (const name of names) {
    expect(await cache.prefetch({ s3_url: `mem:${name}` }, actor)).toMatchObject({ status: 'downloaded' });
  }
}

/** A clock that ticks, and can be put forward. */
function clock() {
  let time = Date.UTC(2026, 0, 1);
  return { now: () => (time += 1), forward: (ms: number) => (time += ms) };
}

describe('S9: objects with the same bytes', () => {
  it('share a file, which counts once: however many there are, they evict nothing', async () => {
    const source = new MemorySource((name) => bytesOf(name.startsWith('same') ? 'same' : name));
    const { cache, dir } = await openCache({ source, maxSize: 5000 });
    const names = Array.from({ length: 45 }, (_, n) => `same-${n}`);
    await prefetch(cache, 'a', 'other', ...names);
    expect(await kept(cache, 'other', ...names)).toHaveLength(46);
    expect(await cache.stats()).toMatchObject({ total_entries: 46, total_size_bytes: 4000 });
    await cache.invalidate('mem:same-0');
    expect(await kept(cache, ...names)).toHaveLength(44);
    expect(await cache.stats()).toMatchObject({ total_size_bytes: 4000 });
    for (const name of names.slice(1)) await cache.invalidate(`mem:${name}`);
    expect(await cache.stats()).toMatchObject({ total_entries: 1, total_size_bytes: 2000 });
    await cache.close();
    const again = await openCache({ source, dir });
    expect(await again.cache.stats()).toMatchObject({ total_entries: 1, total_size_bytes: 2000 });
  });
});

describe('what goes first', () => {
  it('an image that may be on a screen stays while any other can be evicted, even if it is the oldest', async () => {
    const { now } = clock();
    let stepped = 0;
    const { cache } = await openCache({ maxEntries: 4, now: () => now() - stepped });
    await prefetch(cache, 'a', 'old', 'older');
    stepped = 10 * HOUR; // T63: the clock was put back, so what is looked at now seems older than all
    await cache.readUrl('mem:seen');
    await prefetch(cache, 'a', 'x', 'y');
    expect(await kept(cache, 'seen', 'y')).toEqual(['seen', 'y']);
  });

  it('files from before a restart count, and are evicted in the order of their last use', async () => {
    const { now } = clock();
    const first = await openCache({ now });
    await prefetch(first.cache, 'a', 'one', 'two', 'three');
    await first.cache.close();

    // Only reads: nothing of this is in the journal but that it was used.
    const second = await openCache({ dir: first.dir, now });
    await second.cache.readUrl('mem:one');
    await second.cache.close();
    const manifest = JSON.parse(await readFile(join(first.dir, 'manifest.json'), 'utf8')) as Manifest;
    const lastUse = (name: string) => manifest.entries[`mem:${name}`]?.last_used_at ?? 0;
    expect(lastUse('one')).toBeGreaterThan(lastUse('three'));

    const third = await openCache({ dir: first.dir, now, maxEntries: 3 });
    await prefetch(third.cache, 'a', 'four');
    expect(await kept(third.cache, 'one', 'two', 'four')).toEqual(['one', 'four']);
  });

  it('uses by another process count here, once it has recorded them', async () => {
    const { now } = clock();
    const a = await openCache({ now, maxEntries: 3 });
    await prefetch(a.cache, 'a', 'one', 'two', 'three');
    const b = await openCache({ dir: a.dir, now });
    await b.cache.readUrl('mem:one');
    await b.cache.close();
    await prefetch(a.cache, 'a', 'four');
    expect(await kept(a.cache, 'one', 'two')).toEqual(['one']);
  });
});

describe('maxSize', () => {
  it('T61: an image larger than the whole limit is IMAGE_TOO_LARGE, pushes nothing out and leaves nothing', async () => {
    const source = new MemorySource((name) => bytesOf(name, name === 'huge' ? 20_000 : 1000));
    const { cache, dir } = await openCache({ source, maxSize: 10_000 });
    await prefetch(cache, 'a', 'one', 'two');
    expect((await refusal(cache.readUrl('mem:huge'))).code).toBe('IMAGE_TOO_LARGE');
    expect(await kept(cache, 'one', 'two', 'huge')).toEqual(['one', 'two']);
    expect(await readdir(join(dir, 'tmp'))).toEqual([]);
  });

  it('T61: readers of an image that is being evicted get all of its bytes, or fetch them again', async () => {
    const source = new MemorySource((name) => bytesOf(name, 50_000));
    const { cache } = await openCache({ source, maxSize: 500_000, memoryMaxSize: 0 });
    const names = Array.from({ length: 40 }, (_, n) => String(n));
    const reading = async () => {
      for (const name of [...names, ...names]) {
        const { body } = await cache.readUrl(`mem:${name}`);
        expect(body.equals(bytesOf(name, 50_000))).toBe(true);
      }
    };
    await Promise.all([
      reading(),
      reading(),
      Promise.all(names.map((name) => cache.prefetch({ s3_url: `mem:${name}` }, 'b'))),
    ]);
    expect((await cache.stats()).total_size_bytes).toBeLessThanOrEqual(500_000);
  });

  it('holds across two processes', async () => {
    const a = await openCache({ maxSize: 20_000 });
    const b = await openCache({ dir: a.dir, maxSize: 20_000 });
    for (let n = 0; n < 15; n += 1) {
      await prefetch(a.cache, 'a', `a${n}`);
      await prefetch(b.cache, 'b', `b${n}`);
    }
    expect((await a.cache.stats()).total_size_bytes).toBeLessThanOrEqual(20_000);
    expect((await b.cache.stats()).total_size_bytes).toBeLessThanOrEqual(20_000);
  });
});

describe('maxAge', () => {
  it('evicts images that were not used for this long, and keeps those that were used or pinned', async () => {
    const { now, forward } = clock();
    const first = await openCache({ now });
    await prefetch(first.cache, 'a', 'unused', 'used', 'pinned');
    await first.cache.pin({ s3_url: 'mem:pinned' });
    await first.cache.close();

    forward(5 * HOUR);
    const second = await openCache({ dir: first.dir, now, maxAge: 4 * HOUR });
    await second.cache.readUrl('mem:used');
    await prefetch(second.cache, 'a', 'new');
    expect(await kept(second.cache, 'unused', 'used', 'pinned', 'new')).toEqual(['used', 'pinned', 'new']);
  });

  it('T63: without it, no jump of the clock evicts an image', async () => {
    const { now, forward } = clock();
    const first = await openCache({ now });
    await prefetch(first.cache, 'a', 'one');
    await first.cache.close();
    forward(10 * 365 * 24 * HOUR);
    const second = await openCache({ dir: first.dir, now });
    await prefetch(second.cache, 'a', 'two');
    expect(await kept(second.cache, 'one', 'two')).toEqual(['one', 'two']);
  });

  it('is enforced without any requests, and no longer when the cache is closed', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const { cache, dir } = await openCache({ maxAge: 300 });
    await prefetch(cache, 'a', 'one');
    await expect.poll(() => readdir(join(dir, 'images', 'a'))).toEqual([]);
    await cache.close();
    const before = timers();
    await sleep(1);
    expect(timers()).toBeLessThanOrEqual(before);
  });
});

describe('quotas', () => {
  const quotaOf = (actor: string) => (actor === 'guest' ? 10_000 : undefined);

  it('an actor that exceeds its quota loses its own least recently used images, and no other actor does', async () => {
    const { now } = clock();
    const { cache } = await openCache({ now, quotaOf });
    await prefetch(cache, 'host', 'h1', 'h2', 'h3');
    await prefetch(cache, 'guest', 'g1', 'g2', 'g3', 'g4', 'g5', 'g6');
    const { actors } = await cache.stats();
    expect(actors['host']?.entries).toBe(3);
    expect(actors['guest']?.size_bytes).toBeLessThanOrEqual(10_000);
    expect(await kept(cache, 'g1', 'g6')).toEqual(['g6']);
  });

  it('an image that another actor uses as well stays', async () => {
    const { now } = clock();
    const { cache } = await openCache({ now, quotaOf });
    await prefetch(cache, 'guest', 'shared');
    expect(await cache.prefetch({ s3_url: 'mem:shared' }, 'host')).toMatchObject({ status: 'cached' });
    await prefetch(cache, 'guest', 'g1', 'g2', 'g3', 'g4', 'g5', 'g6');
    expect(await kept(cache, 'shared', 'g1')).toEqual(['shared']);
  });

  it('T61: an image larger than the quota of its actor is IMAGE_TOO_LARGE for that actor', async () => {
    const source = new MemorySource((name) => bytesOf(name, 15_000));
    const { cache } = await openCache({ source, quotaOf });
    expect(await cache.prefetch({ s3_url: 'mem:x' }, 'guest')).toMatchObject({ error: { code: 'IMAGE_TOO_LARGE' } });
    expect(await cache.prefetch({ s3_url: 'mem:x' }, 'host')).toMatchObject({ status: 'downloaded' });
  });

  it('counts images from before a restart', async () => {
    const first = await openCache();
    await prefetch(first.cache, 'guest', 'g1', 'g2', 'g3', 'g4', 'g5', 'g6');
    await first.cache.close();
    const second = await openCache({ dir: first.dir, quotaOf });
    await prefetch(second.cache, 'guest', 'g7');
    expect((await second.cache.stats()).actors['guest']?.size_bytes).toBeLessThanOrEqual(10_000);
  });
});
