import { type Bench, newCacheDir } from './bench.ts';
import { prefetch, readThrough, timedGet } from './ourApi.ts';
import { type Findings, amount, atMost, together } from './report.ts';
import { median } from './rounds.ts';
import { slowedDown, startUpstream } from './upstream.ts';

const QUEUED = 10_000;
const SAMPLES = 30;
const QUICK_SAMPLES = 10;
const RUNNING = 64;

/** How long an image on screen takes that is not cached while thousands of others are being prefetched. */
export async function benchPriority(bench: Bench): Promise<Findings> {
  return together(await benchAt(bench, 0), await benchAt(bench, 50));
}

async function benchAt(bench: Bench, latencyMs: number): Promise<Findings> {
  const samples = bench.quick ? QUICK_SAMPLES : SAMPLES;
  const near = await startUpstream(bench, [
    { prefix: 'visible/', count: 2 * samples + RUNNING, size: '320 KB' },
    { prefix: 'queued/', count: QUEUED, size: '320 KB' },
  ]);
  const upstream = latencyMs === 0 ? near : await slowedDown(bench, near, latencyMs);
  const cacheDir = await newCacheDir(bench);
  const { origin, end } = await bench.processes.start('ours', { buckets: [upstream.bucket], cacheDir });
  let next = 0;
  const look = () => timedGet(readThrough(origin, upstream.bareUrl(`visible/${next++}.jpg`)));
  const lookOften = async () => {
    const times: number[] = [];
    for (let n = 0; n < samples; n += 1) times.push((await look()).lastMs);
    return median(times);
  };
  await Promise.all(Array.from({ length: RUNNING }, look)); // connections are made, modules loaded
  const idleMs = await lookOften();

  const leave = new AbortController();
  let settled = 0;
  let fetching = Promise.resolve<unknown>(undefined);
  await new Promise<void>((resolve, reject) => {
    const onLine = () => {
      settled += 1;
      if (settled === RUNNING) resolve();
    };
    const urls = Array.from({ length: QUEUED }, (_, n) => upstream.bareUrl(`queued/${n}.jpg`));
    fetching = prefetch(origin, urls, { signal: leave.signal, onLine }).catch(reject);
  });
  const before = settled;
  const busyMs = await lookOften();
  const meanwhile = settled - before;
  leave.abort();
  await fetching;
  await end();

  const name = `+${latencyMs} ms`;
  return {
    tables: [
      {
        title: `An image on screen that is not cached, ${name}: median, ms; ${meanwhile} others came meanwhile`,
        head: ['', 'last byte'],
        rows: [
          ['idle server', amount(idleMs)],
          [`${QUEUED.toLocaleString('en')} prefetches queued and running`, amount(busyMs)],
        ],
      },
    ],
    checks: [atMost(`${name}: on screen, prefetching / idle`, busyMs / idleMs, 1.5)],
    skipped: [],
  };
}
