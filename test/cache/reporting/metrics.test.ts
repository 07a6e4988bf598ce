import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ImageCache } from '../../../plugin/cache/imageCache.ts';
import { Counter } from '../../../plugin/cache/reporting/counter.ts';
import { Histograms } from '../../../plugin/cache/reporting/histogram.ts';
import { ImageCacheError } from '../../../plugin/errors.ts';
import { prometheusText } from '../../../plugin/http/prometheusText.ts';
import { bytesOf, createCache, openCache } from '../../helpers/cache.ts';
import { MemorySource } from '../../helpers/memorySource.ts';
import { parsePrometheusText } from '../../helpers/prometheusText.ts';

let time = Date.parse('2026-01-01');
const url = (name: string) => `mem:${name}`;

/** The values of a cache by their series, without the beginning of the names. */
async function measure(cache: ImageCache): Promise<Record<string, number>> {
  const families = parsePrometheusText(prometheusText(await cache.metrics()));
  const samples = [...families.values()].flatMap((family) => Array.from(family.samples));
  return Object.fromEntries(samples.map(([key, value]) => [key.replace(/^image_cache_/, ''), value]));
}

/** The monotone ones among them. */
const isCounter = (series: string) => /_total\{|_(bucket|count|sum)\{/.test(series);

describe('the measures of a cache', () => {
  it('count what was served by where it came from, also what S3 was asked about', async () => {
    const { cache } = await openCache({ revalidateMs: 1, now: () => (time += 10) });
    const { entry } = await cache.readUrl(url('a'));
    expect(cache.peek(entry.local_path)).toBeDefined();
    await cache.readUrl(url('a')); // stale
    await cache.readUrl(url('a'), { revalidate: true });
    await cache.readUrl(url('b'));
    expect(await measure(cache)).toMatchObject({
      'requests_total{tier="memory",outcome="hit"}': 1,
      'requests_total{tier="disk",outcome="hit"}': 0,
      'requests_total{tier="s3",outcome="miss"}': 2,
      'requests_total{tier="memory",outcome="stale"}': 1,
      'requests_total{tier="memory",outcome="revalidated"}': 1,
      'served_bytes_total{tier="memory"}': 6000,
      'served_bytes_total{tier="s3"}': 4000,
      entries: 2,
      'size_bytes{what="originals"}': 4000,
    });
  });

  it('count downloads by bucket and result, with their times, and the errors by code', async () => {
    const source = new MemorySource((name) => bytesOf(name));
    const locate = (s3_url: string) => [{ s3_url, bucket: 'photos', key: 'a', versionId: undefined }];
    const { cache } = await openCache({ source: Object.assign(source, { locate }) });
    await cache.prefetch({ s3_url: url('a') }, '0001');
    source.delay = async () => {
      throw new ImageCacheError('UPSTREAM_NOT_FOUND', 'No such object.');
    };
    await cache.prefetch({ s3_url: url('b') }, '0001');
    await cache.readUrl(url('c')).catch(() => undefined);
    const left = new AbortController();
    source.delay = async () => {
      left.abort();
      throw new ImageCacheError('ABORTED', 'The requester has left.');
    };
    await cache.readUrl(url('d'), { signal: left.signal }).catch(() => undefined);
    await vi.waitFor(async () =>
      expect(await measure(cache)).toMatchObject({
        'downloads_total{bucket="photos",result="downloaded"}': 1,
        'downloads_total{bucket="photos",result="failed"}': 2,
        'downloads_total{bucket="photos",result="aborted"}': 1,
        'downloaded_bytes_total{bucket="photos"}': 2000,
        'download_duration_seconds_count{bucket="photos"}': 1,
        'queue_wait_seconds_count{urgency="normal"}': 2,
        'queue_wait_seconds_count{urgency="visible"}': 2,
        'errors_total{code="UPSTREAM_NOT_FOUND"}': 1, // that of `readUrl` is counted by the API that answers it
      }),
    );
  });

  it('show what waits and what runs, by urgency', async () => {
    const source = new MemorySource((name) => bytesOf(name));
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    source.delay = () => gate;
    const { cache } = await openCache({ source, concurrency: 1 });
    const all = [
      ...['a', 'b'].map((name) => cache.readUrl(url(name))),
      ...['c', 'd', 'e', 'f'].map((name) => cache.prefetch({ s3_url: url(name) }, '0001')),
      cache.prefetch({ s3_url: url('g') }, '0001', { priority: 'high' }),
    ];
    await vi.waitFor(async () =>
      expect(await measure(cache)).toMatchObject({
        'queue{state="running",urgency="visible"}': 1,
        'queue{state="running",urgency="high"}': 1,
        'queue{state="waiting",urgency="visible"}': 1,
        'queue{state="waiting",urgency="normal"}': 4,
        download_limit: 1,
      }),
    );
    release();
    await Promise.all(all);
    const after = await measure(cache);
    for (const [series, value] of Object.entries(after)) if (series.startsWith('queue{')) expect(value, series).toBe(0);
  });

  it('count the images that this process has removed, and not those that another one has', async () => {
    const { cache, dir } = await openCache();
    const other = createCache({ dir });
    onTestFinished(() => other.cache.close());
    for (const name of ['a', 'b', 'c', 'd'])
      await cache.prefetch({ s3_url: url(name) }, name === 'd' ? '0002' : '0001');
    await cache.invalidate(url('a'));
    await cache.clear('0002');
    await other.cache.invalidate(url('b'));
    expect(await cache.stats()).toMatchObject({ total_entries: 1 });
    const departures = async (of: ImageCache) =>
      Object.entries(await measure(of)).filter(([series]) => series.startsWith('departures'));
    expect(await departures(cache)).toEqual([
      ['departures_total{reason="invalidated"}', 1],
      ['departures_total{reason="cleared"}', 1],
    ]);
    expect(await departures(other.cache)).toEqual([['departures_total{reason="invalidated"}', 1]]);
  });

  it('count evictions', async () => {
    const { cache } = await openCache({ maxEntries: 2 });
    for (const name of ['a', 'b', 'c', 'd']) await cache.prefetch({ s3_url: url(name) }, '0001');
    expect(await measure(cache)).toMatchObject({ 'departures_total{reason="evicted"}': 2, entries: 2 });
  });

  it('are readable before the first request: no directory is created or opened, and the images of the last process are there', async () => {
    const { cache, dir } = await openCache();
    expect(await measure(cache)).toMatchObject({ entries: 0, max_size_bytes: 1e9 });
    expect(existsSync(dir)).toBe(false);
    await cache.prefetch({ s3_url: url('a') }, '0001');
    await cache.close();
    const next = createCache({ dir });
    onTestFinished(() => next.cache.close());
    expect(await measure(next.cache)).toMatchObject({ entries: 1, 'size_bytes{what="originals"}': 2000 });
    expect(next.cache.size).toBe(0); // it is not open
    expect((await measure(next.cache))['disk_free_bytes']).toBeGreaterThan(0);
  });

  it('a hit in memory counts in what is there anyway, and nowhere else', async () => {
    const { cache } = await openCache();
    const { entry } = await cache.readUrl(url('a'));
    const touched = [vi.spyOn(Counter.prototype, 'add'), vi.spyOn(Histograms.prototype, 'observe')];
    onTestFinished(() => touched.forEach((spy) => spy.mockRestore()));
    for (let hit = 0; hit < 50; hit += 1) expect(cache.peek(entry.local_path)).toBeDefined();
    await cache.readPath(entry.local_path);
    await cache.readUrl(url('a'));
    for (const spy of touched) expect(spy).not.toHaveBeenCalled();
    expect(await measure(cache)).toMatchObject({ 'requests_total{tier="memory",outcome="hit"}': 52 });
  });

  it('I53: 100,000 actors and hostile names add no series, and no counter ever falls', async () => {
    const { cache } = await openCache({ maxEntries: 20 });
    const scrapes = [];
    for (let n = 0; n < 60; n += 1) {
      await cache.prefetch({ s3_url: url(`${n}"}\\n\n # TYPE x counter é`) }, `actor-${n}\n"`);
      if (n % 10 === 0) scrapes.push(await measure(cache));
    }
    await cache.readUrl(url('a'));
    for (let actor = 0; actor < 100_000; actor += 100) {
      await Promise.all(
        Array.from({ length: 100 }, (_, n) => cache.readUrl(url('a'), { actorId: `actor-${actor + n}` })),
      );
      if (actor % 20_000 === 0) scrapes.push(await measure(cache));
    }
    const series = Object.keys(scrapes.at(-1) ?? {});
    expect(series.length).toBeLessThan(90);
    expect(series.filter((key) => /actor|counter|é/.test(key))).toEqual([]);
    for (const [at, scrape] of scrapes.entries()) {
      for (const [key, value] of Object.entries(scrapes[at - 1] ?? {})) {
        if (isCounter(key)) expect(scrape[key], key).toBeGreaterThanOrEqual(value);
      }
    }
  });

  it('the version is that of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    const { cache } = await openCache();
    expect(await measure(cache)).toMatchObject({ [`info{version="${version}"}`]: 1 });
  });
});
