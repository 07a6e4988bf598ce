import { type Bench, newCacheDir } from './bench.ts';
import { lookup, prefetch } from './ourApi.ts';
import { type Findings, amount, atMost } from './report.ts';
import { measureInRounds } from './rounds.ts';
import { startUpstream } from './upstream.ts';
import { type Load, runWrk } from './wrk.ts';

const IMAGES = 1000;

/** How long a hit takes while the same server fetches a thousand other images. */
export async function benchHitsDuringPrefetch(bench: Bench, wrk: string): Promise<Findings> {
  const upstream = await startUpstream(bench, [
    { prefix: 'hit/', count: 1, size: '20 KB' },
    { prefix: 'other/', count: IMAGES, size: '320 KB' },
  ]);
  const cacheDir = await newCacheDir(bench);
  const { origin, end } = await bench.processes.start('ours', { buckets: [upstream.bucket], cacheDir });
  const hit = upstream.bareUrl('hit/0.jpg');
  const others = Array.from({ length: IMAGES }, (_, n) => upstream.bareUrl(`other/${n}.jpg`));
  await prefetch(origin, [hit]);
  const { local_path } = await lookup(origin, hit);
  const load = () => runWrk(bench.processes, wrk, { url: `${origin}/image?path=${local_path}` }, bench.seconds);

  let settled = 0;
  const loadDuringPrefetch = async () => {
    settled = 0;
    const leave = new AbortController();
    const onLine = () => {
      settled += 1;
    };
    const fetching = prefetch(origin, others, { signal: leave.signal, onLine }).catch(() => undefined); // it is cut short
    const result = await load();
    leave.abort();
    await fetching;
    if (settled >= IMAGES) throw new Error('the prefetch was over before the measurement was');
    await fetch(`${origin}/clear/bench`, { method: 'POST' });
    await prefetch(origin, [hit]);
    return result;
  };
  const rounds = await measureInRounds(bench.rounds, [
    { name: 'idle', measure: load },
    { name: 'fetching', measure: loadDuringPrefetch },
  ]);
  await end();

  const p99 = ({ p99Ms }: Load) => p99Ms;
  const median = (name: 'idle' | 'fetching') => amount(rounds.median(name, p99) ?? Number.NaN);
  return {
    tables: [
      {
        title: `The slowest hit of a hundred (\`wrk -t1 -c32\`, 20 KB), ${settled} images being fetched meanwhile`,
        head: ['', 'p99, ms'],
        rows: [
          ['idle', median('idle')],
          ['prefetching', median('fetching')],
        ],
      },
    ],
    checks: [atMost('p99 of a hit: prefetching / idle', rounds.ratio('fetching', 'idle', p99), 3)],
    skipped: [],
  };
}
