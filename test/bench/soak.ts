import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, newCacheDir } from './bench.ts';
import { prefetch, readThrough } from './ourApi.ts';
import { type Findings, amount, atMost } from './report.ts';
import { median } from './rounds.ts';
import type { Usage } from './server.ts';
import { startUpstream } from './upstream.ts';

const MINUTES = 25;
/**
 * The heap and the buffers are as large after three minutes as at the end; what the C library's allocator keeps of what was freed
 * reaches its height later.
 */
const WARM_UP_MINUTES = 17;
const PER_SECOND = 60;
const IMAGES = 3000;
const MEMORY_BYTES = 32e6;

/**
 * Hits, misses, evictions, variants, look-ups, prefetches and invalidations, mixed, for 25 minutes (the argument `soak`, since it takes
 * that long): whether the memory of the server keeps growing once it is warm.
 */
export async function benchSoak(bench: Bench): Promise<Findings> {
  const minutes = bench.quick ? 1 : MINUTES;
  const upstream = await startUpstream(bench, [{ prefix: 'soak/', count: IMAGES, size: '20 KB' }]);
  const server = await bench.processes.start('ours', {
    buckets: [upstream.bucket],
    cacheDir: await newCacheDir(bench),
    maxSize: 40e6, // two thirds of the images
    memory: { maxSize: MEMORY_BYTES },
  });
  const urlOf = (n: number) => upstream.bareUrl(`soak/${n % IMAGES}.jpg`);
  const ask = (n: number): Promise<unknown> => {
    const url = urlOf(popular(n));
    switch (n % 20) {
      case 0:
        return post(server.origin, '/lookup', { urls: Array.from({ length: 50 }, (_, at) => urlOf(n + at)) });
      case 1:
        return prefetch(server.origin, [urlOf(n), urlOf(n + 1), urlOf(n + 2)]);
      case 2:
        return post(server.origin, '/invalidate', { s3_url: url });
      case 3:
        return read(`${readThrough(server.origin, url)}&w=128&format=webp`);
      default:
        return read(readThrough(server.origin, url));
    }
  };

  const samples: Usage[] = [];
  let asked = 0;
  for (let minute = 0; minute < minutes; minute += 1) {
    for (let second = 0; second < 60; second += 1) {
      const next = sleep(1000);
      await Promise.all(Array.from({ length: PER_SECOND }, () => ask((asked += 1))));
      await next;
    }
    samples.push(await server.usage());
  }
  const warm = samples.slice(bench.quick ? 0 : WARM_UP_MINUTES);
  const growth = slope(warm.map(({ rssBytes }) => rssBytes / 1e6));
  return {
    tables: [
      {
        title: `Memory under ${PER_SECOND} mixed requests a second, MB`,
        head: ['minute', 'RSS', 'V8 heap used', 'buffers'],
        rows: samples.map(({ rssBytes, heapBytes, bufferBytes }, minute) => [
          String(minute + 1),
          amount(rssBytes / 1e6),
          amount(heapBytes / 1e6),
          amount(bufferBytes / 1e6),
        ]),
      },
    ],
    checks: [atMost(`RSS grows each minute after the first ${WARM_UP_MINUTES} by`, growth, 0.1, 'MB')],
    skipped: [],
  };
}

/** Most requests are for few images, as they are of a site. */
function popular(n: number): number {
  const random = ((n * 2_654_435_761) % 4_294_967_296) / 4_294_967_296;
  return Math.floor(random ** 3 * IMAGES);
}

async function read(url: string): Promise<void> {
  const response = await fetch(url);
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${url} was answered with ${response.status}`);
}

async function post(base: string, path: string, body: object): Promise<void> {
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(base + path, { method: 'POST', headers, body: JSON.stringify(body) });
  await response.arrayBuffer();
}

/** By how much the values grow a step: the median of the slopes between all pairs (Theil–Sen), which one outlier does not change. */
function slope(values: readonly number[]): number {
  const slopes = values.flatMap((value, n) => values.slice(n + 1).map((later, gap) => (later - value) / (gap + 1)));
  return slopes.length === 0 ? Number.NaN : median(slopes);
}
