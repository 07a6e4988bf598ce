import type { Bench } from './bench.ts';
import { type Batch, type FetchCost, type Fetcher, type FetcherName, findFetchers } from './fetchers.ts';
import { benchFirstByte } from './firstByte.ts';
import { type Check, type Findings, type Table, amount, atMost, below, together } from './report.ts';
import { type Rounds, measureInRounds } from './rounds.ts';
import { makeAll, slowedDown, startUpstream } from './upstream.ts';

const OBJECTS = 500;
const QUICK_OBJECTS = 100;
const WARM = 16;
const LATENCY_MS = 50;

type Results = Rounds<FetcherName, FetchCost>;

const wall = ({ wallSeconds }: FetchCost) => wallSeconds;
const cpu = ({ cpuSeconds }: FetchCost) => cpuSeconds;
const growth = ({ rssGrowthBytes = Number.NaN }: FetchCost) => rssGrowthBytes / 1e6;

/** Images that are not cached: how long many of them take, and the first byte of one. */
export async function benchMisses(bench: Bench): Promise<Findings> {
  const count = bench.quick ? QUICK_OBJECTS : OBJECTS;
  const near = await startUpstream(bench, [
    { prefix: 'batch/', count, size: '320 KB' },
    { prefix: 'warm/', count: WARM, size: '320 KB' },
  ]);
  await makeAll(near);
  const far = await slowedDown(bench, near, LATENCY_MS);
  const { fetchers, skipped } = await findFetchers(bench);
  const keysOf = (prefix: string, length: number) => Array.from({ length }, (_, n) => `${prefix}${n}.jpg`);
  const batch = { prefix: 'batch/', keys: keysOf('batch/', count), warmKeys: keysOf('warm/', WARM) };
  const measure = (batch: Batch) =>
    measureInRounds(
      bench.rounds,
      fetchers.map(({ name, fetch }) => ({ name, measure: () => fetch(batch) })),
    );
  const results = {
    near: await measure({ ...batch, upstream: near }),
    far: await measure({ ...batch, upstream: far }),
  };
  return together(
    { tables: [tableOf(fetchers, results, count)], checks: checksOf(results), skipped },
    await benchFirstByte(bench, LATENCY_MS),
  );
}

function tableOf(fetchers: Fetcher[], { near, far }: Record<'near' | 'far', Results>, count: number): Table {
  const cells = (results: Results, name: FetcherName) =>
    [wall, cpu].map((valueOf) => amount(results.median(name, valueOf) ?? Number.NaN));
  const memory = (name: FetcherName) => {
    const growths = [near, far].map((results) => results.median(name, growth) ?? Number.NaN);
    return growths.some(Number.isNaN) ? '' : amount(Math.max(...growths));
  };
  return {
    title: `${count} objects × 320 KB into files, seconds`,
    head: ['', 'wall, +0 ms', 'CPU, +0 ms', `wall, +${LATENCY_MS} ms`, `CPU, +${LATENCY_MS} ms`, 'memory grew by, MB'],
    rows: fetchers.map(({ name }) => [name, ...cells(near, name), ...cells(far, name), memory(name)]),
  };
}

function checksOf({ near, far }: Record<'near' | 'far', Results>): Check[] {
  const ours: FetcherName[] = ['ours, 16', 'ours, auto', 'ours, 16, presigned', 'ours, auto, presigned'];
  const growths = ours.flatMap((name) => [near, far].map((results) => results.median(name, growth) ?? Number.NaN));
  return [
    atMost(`+${LATENCY_MS} ms: ours, auto / rclone`, far.ratio('ours, auto', 'rclone', wall), 0.8),
    atMost(`+${LATENCY_MS} ms: ours, 16 / rclone`, far.ratio('ours, 16', 'rclone', wall), 1.1),
    atMost('+0 ms: ours, 16 / SDK loop', near.ratio('ours, 16', 'SDK loop', wall), 1.1),
    atMost(
      '+0 ms: ours, 16, presigned / undici loop',
      near.ratio('ours, 16, presigned', 'undici loop, presigned', wall),
      1.1,
    ),
    below('memory grew by, at most', Math.max(...growths), 64, 'MB'),
  ];
}
