import { getEventListeners } from 'node:events';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Manifest } from '../../plugin/protocol.ts';
import { bytesOf, openCache } from '../helpers/cache.ts';
import { expectLeadersToLeaveAlone } from '../helpers/leavingLeaders.ts';
import { MemorySource } from '../helpers/memorySource.ts';
import { refusal } from '../helpers/source.ts';

async function filesIn(dir: string): Promise<string[]> {
  const names = await readdir(join(dir, 'images'), { recursive: true });
  return names.filter((name) => name.endsWith('.png'));
}

describe('single flight', () => {
  it('T44: a request that started a download and leaves does not abort it for the others', () =>
    expectLeadersToLeaveAlone(25));

  it('T44: a key without requesters is free at once, and a clear still reaches later requests', async () => {
    const { cache, source } = await openCache();
    const release: (() => void)[] = [];
    // The first does not heed its signal, as a file that is being written does not.
    source.delay = () => new Promise((resolve) => release.push(resolve));
    const gone = new AbortController();
    const first = cache.readUrl('mem:x', { signal: gone.signal }).catch(() => undefined);
    await expect.poll(() => release.length).toBe(1);
    gone.abort();
    await first;

    const second = cache.readUrl('mem:x');
    await expect.poll(() => release.length).toBe(2);
    release[0]?.(); // the abandoned one comes to its end while the second still runs
    await expect.poll(() => source.active).toBe(1);
    await turn();
    await cache.clear();
    release[1]?.();
    expect((await second).body.equals(bytesOf('x'))).toBe(true);
    expect(await cache.find('mem:x')).toBeUndefined();
  });

  it('T44: a failure is reported to all requesters and not remembered', async () => {
    const { cache, source } = await openCache();
    source.delay = () => Promise.reject(new Error('boom'));
    const answers = await Promise.allSettled(Array.from({ length: 100 }, () => cache.readUrl('mem:x')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set(['rejected']));
    expect(source.downloads).toBe(1);
    source.delay = () => Promise.resolve();
    expect((await cache.readUrl('mem:x')).tier).toBe('s3');
  });

  it('T46: a prefetch of 5,000 whose requester leaves stops without a warning, and leaves nothing behind', async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const { cache, source, dir } = await openCache();
    source.delay = (signal) => sleep(5, undefined, { signal }).catch(() => undefined);
    const left = new AbortController();
    const results = Array.from({ length: 5000 }, (_, n) =>
      cache.prefetch({ s3_url: `mem:${n}` }, 'a', { signal: left.signal }),
    );
    await expect.poll(() => source.downloads).toBeGreaterThan(40);
    left.abort();
    const settled = await Promise.all(results);
    const started = source.downloads;
    await expect.poll(() => source.active).toBe(0);
    await turn();
    process.off('warning', onWarning);

    expect(started).toBeLessThan(500);
    expect(settled.filter(({ status }) => status === 'downloaded').length).toBeGreaterThan(0);
    expect(settled.at(-1)).toMatchObject({ status: 'failed', error: { code: 'ABORTED' } });
    expect(getEventListeners(left.signal, 'abort')).toHaveLength(0);
    expect(warnings).toEqual([]);
    await expect.poll(() => readdir(join(dir, 'tmp'))).toEqual([]);
    await expect.poll(async () => (await cache.stats()).downloads).toMatchObject({ active: 0, queued: 0 });
    expect((await cache.readUrl('mem:4999')).tier).toBe('s3');
  });
});

describe('clearing', () => {
  it.each(['clear', 'invalidate'] as const)(
    'T59: a download that began before a %s is answered and not kept, wherever it was',
    async (how) => {
      const { cache, source, dir } = await openCache();
      for (let round = 0; round < 60; round += 1) {
        const url = `mem:${round % 3}`;
        source.delay = () => sleep(round % 4);
        const reading = cache.readUrl(url);
        await sleep((round % 7) / 2);
        const running = source.active > 0;
        await (how === 'clear' ? cache.clear() : cache.invalidate(url));
        const { body } = await reading;
        expect(body.equals(bytesOf(String(round % 3)))).toBe(true);
        if (running) expect(await cache.find(url)).toBeUndefined();
        await cache.clear();
      }
      expect(await filesIn(dir)).toEqual([]);
      expect((await cache.stats()).memory.entries).toBe(0);
    },
  );

  it('S3: an entry with an old name of its object is invalidated by that name', async () => {
    const before = await openCache();
    await before.cache.readUrl('mem:a%2Fb');
    await before.cache.close();

    class Renaming extends MemorySource {
      override identify(url: string) {
        return super.identify(url.replace('%2F', '/'));
      }
    }
    const source = new Renaming((name) => bytesOf(name));
    const { cache } = await openCache({ dir: before.dir, source });
    await cache.readUrl('mem:a%2Fb');
    expect(source.downloads, 'it is fetched again').toBe(1);
    expect((await cache.stats()).total_entries).toBe(2);
    expect(await cache.invalidate('mem:a%2Fb')).toBe(2);
    expect(await cache.invalidate('mem:a%2Fb')).toBe(0);
    expect((await cache.stats()).total_entries).toBe(0);
  });

  it('T51: an image that one process invalidates while another sleeps is not served once when that one wakes up', async () => {
    const a = await openCache();
    const b = await openCache({ dir: a.dir, source: a.source });
    const { entry } = await a.cache.readUrl('mem:x');
    await b.cache.stats(); // it has read all of the manifest
    await b.cache.readUrl('mem:x');
    expect(b.cache.peek(entry.local_path)).toBeDefined();
    await a.cache.invalidate('mem:x');
    const now = performance.now();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now + 30_000);
    onTestFinished(() => clock.mockRestore());
    expect(b.cache.peek(entry.local_path)).toBeUndefined();
    expect((await b.cache.readUrl('mem:x')).tier).toBe('s3');
  });

  it('T51: an image that one process clears is also gone from the memory of the other', async () => {
    const a = await openCache();
    const b = await openCache({ dir: a.dir });
    await a.cache.readUrl('mem:x');
    expect((await b.cache.readUrl('mem:x')).tier).toBe('disk');
    expect(b.source.downloads).toBe(0);
    await a.cache.clear();
    await expect.poll(() => b.cache.find('mem:x')).toBeUndefined();
    expect((await b.cache.stats()).memory.entries).toBe(0);
    expect((await b.cache.readUrl('mem:x')).tier).toBe('s3');
  });

  it('T51: two caches that store and clear the same images all the time end with files for all entries', async () => {
    const a = await openCache({ memoryMaxSize: 0 });
    const b = await openCache({ dir: a.dir, memoryMaxSize: 0 });
    const work = async ({ cache }: typeof a) => {
      for (let round = 0; round < 60; round += 1) {
        await Promise.all([0, 1, 2, 3].map((n) => cache.readUrl(`mem:${n}`)));
        if (round % 5 === 0) await cache.clear();
      }
    };
    await Promise.all([work(a), work(b)]);
    for (let n = 0; n < 4; n += 1)
      expect((await a.cache.readUrl(`mem:${n}`)).body.equals(bytesOf(String(n)))).toBe(true);
    expect(await filesIn(a.dir)).toHaveLength(4);
  });

  it('an event listener that throws does no harm', async () => {
    const { cache, warnings } = await openCache();
    cache.onEvent(() => {
      throw new Error('a bug of the app');
    });
    await cache.readUrl('mem:x');
    await cache.readUrl('mem:y');
    expect((await cache.stats()).total_entries).toBe(2);
    expect(warnings.join()).toContain('a bug of the app');
  });
});

describe('bounds', () => {
  it('T61: stays within its size while ten times as much comes in', async () => {
    const image = 100_000;
    const source = new MemorySource((name) => bytesOf(name, image));
    const { cache, dir } = await openCache({ source, maxSize: 1_000_000, memoryMaxSize: 400_000, concurrency: 4 });
    let largest = 0;
    cache.onEvent((event) => {
      if (event.type === 'stored')
        void cache.stats().then((stats) => (largest = Math.max(largest, stats.total_size_bytes)));
    });
    await Promise.all(Array.from({ length: 100 }, (_, n) => cache.prefetch({ s3_url: `mem:${n}` }, 'a')));
    const stats = await cache.stats();
    expect(stats.total_size_bytes).toBeLessThanOrEqual(1_000_000);
    expect(stats.total_size_bytes).toBeGreaterThan(500_000);
    expect(largest).toBeLessThanOrEqual(1_000_000);
    expect(stats.memory.size_bytes).toBeLessThanOrEqual(400_000);
    expect(await filesIn(dir)).toHaveLength(stats.total_entries);
  });

  it('T61: makes room once for each image, however long the disk takes to store it', async () => {
    const source = new MemorySource((name) => bytesOf(name, 10_000));
    const { cache } = await openCache({ source, maxSize: 100_000, concurrency: 8, durability: 'full' });
    for (let round = 0; round < 5; round += 1) {
      const urls = Array.from({ length: 100 }, (_, n) => `mem:${round}/${n}`);
      await Promise.all(urls.map((s3_url) => cache.prefetch({ s3_url }, 'a')));
      const { total_size_bytes: bytes } = await cache.stats();
      expect(bytes).toBeGreaterThanOrEqual(70_000); // down to nine tenths at a time, and what was to come then
    }
  });

  it('T61: keeps the images used last, and never evicts the one that was just stored', async () => {
    let now = 1000;
    const { cache } = await openCache({ maxEntries: 3, memoryMaxSize: 0, now: () => (now += 1) });
    for (const name of ['a', 'b', 'c']) await cache.readUrl(`mem:${name}`);
    await cache.readUrl('mem:a');
    await cache.readUrl('mem:d');
    const kept = await cache.lookup(['mem:a', 'mem:b', 'mem:d']);
    expect(kept.map((entry) => entry !== undefined)).toEqual([true, false, true]);
  });

  it('T63: a clock that jumps by years loses nothing', async () => {
    const YEAR = 365 * 24 * 3600_000;
    let now = 20 * YEAR + 2 ** 40;
    const { cache, dir } = await openCache({ now: () => now });
    for (const jump of [0, 10 * YEAR, -20 * YEAR, 3600_000, -3600_000]) {
      now += jump;
      await cache.readUrl(`mem:${jump}`);
      await cache.prefetch({ s3_url: 'mem:0' }, `actor ${jump}`);
    }
    await cache.close();
    const { entries } = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as Manifest;
    expect(Object.keys(entries)).toHaveLength(5);
    expect(entries['mem:0']?.actor_ids).toHaveLength(6);
  });
});

describe('close', () => {
  it('aborts downloads, refuses later calls, may be called twice, and leaves a manifest and no half-written files', async () => {
    const { cache, source, dir } = await openCache();
    await cache.readUrl('mem:kept');
    source.delay = (signal) => sleep(60_000, undefined, { signal }).catch(() => undefined);
    const running = Array.from({ length: 40 }, (_, n) => refusal(cache.readUrl(`mem:${n}`)));
    await expect.poll(() => source.active).toBe(16);
    await Promise.all([cache.close(), cache.close()]);
    for (const { code } of await Promise.all(running)) expect(code).toBe('ABORTED');
    expect(source.active).toBe(0);
    expect(await readdir(join(dir, 'tmp'))).toEqual([]);
    const { entries } = JSON.parse(await readFile(join(dir, 'manifest.json'), 'utf8')) as Manifest;
    expect(Object.keys(entries)).toEqual(['mem:kept']);

    const late = [
      cache.readUrl('mem:kept'),
      cache.readPath('x'),
      cache.clear(),
      cache.stats(),
      cache.invalidate('mem:x'),
    ];
    for (const error of await Promise.all(late.map((action) => refusal(action)))) {
      expect(error).toMatchObject({ code: 'ABORTED', message: 'The image cache is closed.' });
    }
    expect(await cache.prefetch({ s3_url: 'mem:x' }, 'a')).toMatchObject({ status: 'failed' });
    expect(cache.peek(entries['mem:kept']?.local_path ?? '')).toBeUndefined();
  });

  it('creates nothing when it was never used', async () => {
    const { cache, dir } = await openCache();
    await cache.close();
    await refusal(cache.stats());
    await expect(stat(dir)).rejects.toThrow('ENOENT');
  });
});

it.each(['', ' ', '..', 'a/b', '__proto__'])(
  'the actor %j can be named by no call, so no call stores or removes for it',
  async (actor) => {
    const { cache, dir } = await openCache();
    await cache.readUrl('mem:kept');
    const refused = { code: 'INVALID_ACTOR_ID' };
    expect(await cache.prefetch({ s3_url: 'mem:x' }, actor)).toMatchObject({ status: 'failed', error: refused });
    await expect(cache.readUrl('mem:x', { actorId: actor })).rejects.toMatchObject(refused);
    await expect(cache.clear(actor)).rejects.toMatchObject(refused);
    await expect(cache.pin({ actor_id: actor })).rejects.toMatchObject(refused);
    await expect(cache.unpin({ actor_id: actor })).rejects.toMatchObject(refused);
    await cache.close();
    const { cache: next, warnings } = await openCache({ dir });
    expect((await next.stats()).total_entries).toBe(1);
    expect(warnings).toEqual([]); // no damaged record was left in the journal
  },
);
