import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Freshness } from '../../../plugin/cache/fetch/freshness.ts';
import { ImageCacheError } from '../../../plugin/errors.ts';
import type { CacheEvent } from '../../../plugin/protocol.ts';
import { openCache } from '../../helpers/cache.ts';
import { entryOf } from '../../helpers/entries.ts';
import { VersionedSource } from '../../helpers/versionedSource.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const YEAR = 365 * 24 * HOUR;

/** A cache that believes its images for an hour, and a clock that is put forward by hand. */
async function openStale(settings: Parameters<typeof openCache>[0] = {}) {
  const source = new VersionedSource();
  const clock = { now: Date.UTC(2026, 0, 1) };
  const opened = await openCache({ source, revalidateMs: HOUR, now: () => clock.now, ...settings });
  const revalidations = async () => (await opened.cache.stats()).revalidations;
  const filesOf = async (actor: string) => readdir(join(opened.dir, 'images', actor)).catch(() => []);
  return { ...opened, source, clock, revalidations, filesOf };
}

const settled = async ({ revalidations }: { revalidations: () => Promise<Record<string, number>> }, count = 1) => {
  const total = async () => Object.values(await revalidations()).reduce((sum, n) => sum + n);
  await expect.poll(total).toBe(count);
};

describe('a read by URL', () => {
  it('without the option, asks the origin once in ten years', async () => {
    const { cache, source, clock } = await openStale({ revalidateMs: undefined });
    await cache.readUrl('mem:x');
    clock.now += 10 * YEAR;
    const { tier, outcome } = await cache.readUrl('mem:x');
    expect({ tier, outcome }).toEqual({ tier: 'memory', outcome: undefined });
    expect(source.asked).toEqual([undefined]);
  });

  it('of a stale image is answered at once, and all readers share one conditional request', async () => {
    const stale = await openStale();
    const { cache, source, clock } = stale;
    await cache.readUrl('mem:x');
    clock.now += HOUR - 1;
    expect((await cache.readUrl('mem:x')).outcome).toBeUndefined();
    expect(source.asked).toHaveLength(1);

    clock.now += 1;
    let answer = () => {};
    source.delay = () => new Promise((resolve) => (answer = resolve));
    const reads = await Promise.all(Array.from({ length: 20 }, () => cache.readUrl('mem:x')));
    for (const { outcome, body } of reads) {
      expect(outcome).toBe('STALE');
      expect(body.equals(source.body('x'))).toBe(true);
    }
    await expect.poll(() => source.asked.slice(1)).toEqual(['"x 1 1"']);
    answer();
    await settled(stale);
    expect((await cache.readUrl('mem:x')).outcome).toBeUndefined();
    expect(await cache.find('mem:x')).toMatchObject({ validated_at: clock.now, cached_at: clock.now - HOUR });
    expect(source.asked).toHaveLength(2);
  });

  it('is fresh after a restart, and in other processes, when this one has found it fresh', async () => {
    const stale = await openStale();
    const { cache, source, clock, dir } = stale;
    await cache.readUrl('mem:x');
    clock.now += HOUR;
    const other = await openStale({ dir, now: () => clock.now });
    expect(other.cache.peek('')).toBeUndefined();
    await other.cache.stats();
    await cache.readUrl('mem:x');
    await settled(stale);
    await other.cache.stats(); // looks around
    expect((await other.cache.readUrl('mem:x')).outcome).toBeUndefined();
    expect(other.source.asked).toEqual([]);

    await cache.close();
    await other.cache.close();
    const next = await openStale({ dir, now: () => clock.now });
    expect((await next.cache.readUrl('mem:x')).outcome).toBeUndefined();
    expect(next.source.asked).toEqual([]);
    expect(source.asked).toHaveLength(2);
  });

  it('T43: gets the new image whole once it changed; the old one leaves memory and disk, and pages hear of it', async () => {
    const stale = await openStale();
    const { cache, source, clock, filesOf } = stale;
    await cache.prefetch({ s3_url: 'mem:x', filename: 'portrait.png' }, 'a');
    await cache.prefetch({ s3_url: 'mem:x' }, 'b');
    await cache.pin({ s3_url: 'mem:x' });
    const before = await cache.readUrl('mem:x', { actorId: 'a' });
    const events: CacheEvent[] = [];
    cache.onEvent((event) => events.push(event));

    clock.now += HOUR;
    source.change('x');
    const old = await cache.readUrl('mem:x', { actorId: 'a' });
    expect(old.outcome).toBe('STALE');
    expect(old.body.equals(before.body)).toBe(true);
    await settled(stale);
    const now = await cache.readUrl('mem:x', { actorId: 'a' });
    expect(now.outcome).toBeUndefined();
    expect(now.body.equals(source.body('x'))).toBe(true);
    expect(now.entry).toMatchObject({
      actor_ids: expect.arrayContaining(['a', 'b']),
      filename: 'portrait.png',
      pinned: true,
      cached_at: clock.now,
      etag: '"x 2 1"',
    });
    expect(now.entry.validated_at).toBeUndefined();
    expect(events).toEqual([{ type: 'stored', entry: expect.objectContaining({ local_path: now.entry.local_path }) }]);
    expect(await filesOf('a')).toEqual([now.entry.local_path.split('/').at(-1)]);
    expect(await cache.stats()).toMatchObject({ total_entries: 1, memory: { entries: 1 } });
  });

  it('T43: readers always see all of the old or all of the new image while it is replaced', async () => {
    const { cache, source, clock, dir } = await openStale({ memoryMaxSize: 0 });
    await cache.readUrl('mem:x');
    const versions = [source.body('x')];
    const stop = new AbortController();
    const read = async () => {
      while (!stop.signal.aborted) {
        const { body } = await cache.readUrl('mem:x');
        expect(versions.some((version) => version.equals(body))).toBe(true);
        await sleep(1);
      }
    };
    const reading = [read(), read(), read()];
    for (let round = 0; round < 20; round += 1) {
      source.change('x');
      versions.push(source.body('x'));
      clock.now += HOUR;
      await expect.poll(async () => (await cache.readUrl('mem:x')).body.equals(source.body('x'))).toBe(true);
    }
    stop.abort();
    await Promise.all(reading);
    await expect.poll(() => readdir(join(dir, 'images', 'default'))).toHaveLength(1);
  });

  it('is fresh again when the origin sends the same bytes under another ETag, and knows that from then on', async () => {
    const stale = await openStale();
    const { cache, source, clock } = stale;
    const { entry } = await cache.readUrl('mem:x');
    clock.now += HOUR;
    source.edition = 2;
    await cache.readUrl('mem:x');
    await settled(stale);
    expect(await stale.revalidations()).toEqual({ unchanged: 1, changed: 0, failed: 0 });
    expect(await cache.find('mem:x')).toMatchObject({ local_path: entry.local_path, etag: '"x 1 2"' });
  });

  it('of an origin without ETags fetches the image again, once per period', async () => {
    const stale = await openStale();
    const { cache, source, clock } = stale;
    source.sendsEtags = false;
    await cache.readUrl('mem:x');
    clock.now += HOUR;
    for (let round = 1; round <= 3; round += 1) await cache.readUrl('mem:x');
    await settled(stale);
    await cache.readUrl('mem:x');
    expect(source.asked).toEqual([undefined, '']);
    expect(await stale.revalidations()).toEqual({ unchanged: 1, changed: 0, failed: 0 });
  });

  it('T63: of an image with a validation time in the future asks again', async () => {
    const stale = await openStale();
    const { cache, clock } = stale;
    await cache.readUrl('mem:x');
    clock.now -= YEAR;
    expect((await cache.readUrl('mem:x')).outcome).toBe('STALE');
    await settled(stale);
    expect((await cache.readUrl('mem:x')).outcome).toBeUndefined();
  });

  it('by path never asks: the path holds the digest of the bytes', async () => {
    const { cache, source, clock } = await openStale();
    const { entry } = await cache.readUrl('mem:x');
    clock.now += YEAR;
    expect(cache.peek(entry.local_path)?.outcome).toBeUndefined();
    expect((await cache.readPath(entry.local_path)).outcome).toBeUndefined();
    expect(source.asked).toHaveLength(1);
  });

  it('with `revalidate` waits for the answer of the origin', async () => {
    const { cache, source } = await openStale({ revalidateMs: undefined });
    const before = await cache.readUrl('mem:x', { revalidate: true });
    expect(before).toMatchObject({ tier: 's3' });
    expect(await cache.readUrl('mem:x', { revalidate: true })).toMatchObject({
      outcome: 'REVALIDATED',
      tier: 'memory',
    });
    source.change('x');
    const changed = await cache.readUrl('mem:x', { revalidate: true });
    expect(changed).toMatchObject({ outcome: 'REVALIDATED', tier: 's3' });
    expect(changed.body.equals(source.body('x'))).toBe(true);
    source.failure = new ImageCacheError('UPSTREAM_UNREACHABLE', 'down');
    expect((await cache.readUrl('mem:x', { revalidate: true })).outcome).toBe('STALE');
  });
});

describe('an origin that does not answer', () => {
  it.each([
    ['T39', 'UPSTREAM_EXPIRED'],
    ['T39', 'UPSTREAM_NOT_FOUND'],
    ['T45', 'UPSTREAM_UNREACHABLE'],
    ['T38', 'UPSTREAM_THROTTLED'],
  ] as const)('%s: %s leaves the cached copy, warns once, and asks again only after a while', async (_, code) => {
    const stale = await openStale();
    const { cache, source, clock, warnings } = stale;
    for (const name of ['x', 'y']) await cache.readUrl(`mem:${name}`);
    clock.now += HOUR;
    source.failure = new ImageCacheError(code, 'The origin said no.');
    const read = async () => {
      for (const name of ['x', 'y']) expect((await cache.readUrl(`mem:${name}`)).outcome).toBe('STALE');
    };
    await read();
    await settled(stale, 2);
    await read();
    clock.now += 29_000;
    await read();
    expect(source.asked).toHaveLength(4);
    clock.now += 1000;
    await read();
    await settled(stale, 4);
    clock.now += 59_000; // twice as long this time
    await read();
    expect(source.asked).toHaveLength(6);
    expect(warnings).toHaveLength(1);

    source.failure = undefined;
    clock.now += 1000;
    await read();
    await settled(stale, 6);
    expect((await cache.readUrl('mem:x')).outcome).toBeUndefined();
  });
});

describe('after a failure', () => {
  it('the origin is not asked for half a minute, then for twice as long each time, up to an hour', async () => {
    let now = 0;
    const warnings: string[] = [];
    const logger = { debug: undefined, info: () => undefined, warn: (message: string) => warnings.push(message) };
    let asked = 0;
    const ask = () => {
      asked += 1;
      return Promise.reject(new ImageCacheError('UPSTREAM_UNREACHABLE', 'down'));
    };
    const freshness = new Freshness({ isOffline: false, revalidateMs: HOUR, ask, now: () => now, logger });
    const entry = entryOf(1, { cached_at: 0 });
    const object = { key: entry.s3_url, filename: entry.filename };
    now += HOUR;
    const waits: number[] = [];
    for (let failure = 1; failure <= 9; failure += 1) {
      const failedAt = now;
      freshness.revalidateLater(object, entry);
      expect(asked).toBe(failure);
      await turn();
      freshness.revalidateLater(object, entry);
      expect(asked, 'at once').toBe(failure);
      while (!freshness.isDue(entry)) now += 30_000;
      waits.push((now - failedAt) / MINUTE);
    }
    expect(waits).toEqual([0.5, 1, 2, 4, 8, 16, 32, 60, 60]);
    expect(warnings).toHaveLength(1);
  });
});

describe('an image that is removed while the origin is asked', () => {
  it.each(['clear', 'invalidate'] as const)(
    'T59: stays so after a %s, whether the object changed or not',
    async (how) => {
      const stale = await openStale();
      const { cache, source, clock, filesOf } = stale;
      for (let round = 0; round < 40; round += 1) {
        source.delay = () => Promise.resolve();
        await cache.readUrl('mem:x');
        clock.now += HOUR;
        if (round % 2 === 0) source.change('x');
        source.delay = () => sleep(round % 5);
        const asked = source.asked.length;
        expect((await cache.readUrl('mem:x')).outcome).toBe('STALE');
        await expect.poll(() => source.asked.length, { interval: 1 }).toBe(asked + 1);
        await sleep((round % 7) / 2);
        await (how === 'clear' ? cache.clear() : cache.invalidate('mem:x'));
        await settled(stale, round + 1);
        expect(await cache.find('mem:x')).toBeUndefined();
      }
      expect(await filesOf('default')).toEqual([]);
      expect((await cache.stats()).memory.entries).toBe(0);
    },
  );

  it('T59: stays removed when another process clears it', async () => {
    const stale = await openStale();
    const { cache, source, clock, dir, filesOf } = stale;
    const other = await openCache({ dir });
    await cache.readUrl('mem:x');
    clock.now += HOUR;
    source.change('x');
    let answer = () => {};
    source.delay = () => new Promise((resolve) => (answer = resolve));
    await cache.readUrl('mem:x');
    await expect.poll(() => source.asked).toHaveLength(2);
    await other.cache.clear();
    answer();
    await settled(stale);
    expect(await cache.find('mem:x')).toBeUndefined();
    expect(await filesOf('default')).toEqual([]);
  });

  it('does not delay the end', async () => {
    const { cache, source, clock } = await openStale();
    await cache.readUrl('mem:x');
    clock.now += HOUR;
    source.delay = (signal) => sleep(60_000, undefined, { signal }).catch(() => undefined);
    await cache.readUrl('mem:x');
    await expect.poll(() => source.asked).toHaveLength(2);
    await cache.close();
    expect(source.active).toBe(0);
  });
});

describe('a prefetch', () => {
  const NAMES = ['a', 'b', 'c', 'd'];
  const sync = (cache: Awaited<ReturnType<typeof openStale>>['cache'], revalidate = false) =>
    Promise.all(NAMES.map((name) => cache.prefetch({ s3_url: `mem:${name}` }, '0001', { revalidate })));

  it('of images that are cached costs no request while they are fresh, and one each when they are not', async () => {
    const { cache, source, clock } = await openStale();
    await sync(cache);
    await sync(cache);
    expect(source.asked).toHaveLength(4);
    clock.now += HOUR;
    source.change('b');
    const statuses = (await sync(cache)).map(({ status }) => status);
    expect(statuses).toEqual(['cached', 'downloaded', 'cached', 'cached']);
    expect(new Set(source.asked.slice(4))).toEqual(new Set(NAMES.map((name) => `"${name} 1 1"`)));
    expect(source.asked).toHaveLength(8);
    await sync(cache);
    expect(source.asked).toHaveLength(8);
  });

  it('with `revalidate` asks once for each image, however fresh, and reports where the origin did not answer', async () => {
    const { cache, source } = await openStale({ revalidateMs: undefined });
    await sync(cache);
    source.change('d');
    expect((await sync(cache, true)).map(({ status }) => status)).toEqual(['cached', 'cached', 'cached', 'downloaded']);
    expect(source.asked).toHaveLength(8);
    source.failure = new ImageCacheError('UPSTREAM_EXPIRED', 'The signature has expired.');
    for (const result of await sync(cache, true)) {
      expect(result).toMatchObject({ status: 'cached', stale: { code: 'UPSTREAM_EXPIRED' } });
    }
  });
});
