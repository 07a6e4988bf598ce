import { type Bench, newCacheDir } from './bench.ts';
import { readThrough, timedGet } from './ourApi.ts';
import { type Findings, amount, atMost } from './report.ts';
import { median } from './rounds.ts';
import { slowedDown, startUpstream } from './upstream.ts';

const SAMPLES = 40;
const QUICK_SAMPLES = 10;
/** So that the body takes long enough to tell an answer that streams from one that waits for the end. */
const BYTES_PER_SECOND = 3_200_000;

/** How much later than from S3 itself the first byte of an image comes that is not cached. */
export async function benchFirstByte(bench: Bench, latencyMs: number): Promise<Findings> {
  const samples = bench.quick ? QUICK_SAMPLES : SAMPLES;
  const near = await startUpstream(bench, [{ prefix: 'first/', count: 2 * samples + 2, size: '320 KB' }]);
  await fetch(`${near.storage.endpoint}/_s3/control`, {
    method: 'PUT',
    body: JSON.stringify({ bytesPerSecond: BYTES_PER_SECOND }),
  });
  const upstream = await slowedDown(bench, near, latencyMs);
  const cacheDir = await newCacheDir(bench);
  const { origin } = await bench.processes.start('ours', { buckets: [upstream.bucket], cacheDir });

  const direct: { firstMs: number; lastMs: number }[] = [];
  const through: { firstMs: number; lastMs: number }[] = [];
  for (let n = 0; n <= samples; n += 1) {
    const urls = await Promise.all([2 * n, 2 * n + 1].map((at) => upstream.presign(`first/${at}.jpg`)));
    const [one = '', other = ''] = urls;
    const results = [await timedGet(one), await timedGet(readThrough(origin, other))] as const;
    if (n === 0) continue; // connections are made, modules loaded
    direct.push(results[0]);
    through.push(results[1]);
  }
  const first = (all: { firstMs: number }[]) => median(all.map(({ firstMs }) => firstMs));
  const last = (all: { lastMs: number }[]) => median(all.map(({ lastMs }) => lastMs));
  return {
    tables: [
      {
        title: `An image of 320 KB that is not cached, presigned, +${latencyMs} ms, 3.2 MB/s: median, ms`,
        head: ['', 'first byte', 'last byte'],
        rows: [
          ['from S3 itself', amount(first(direct)), amount(last(direct))],
          ['read through ours', amount(first(through)), amount(last(through))],
        ],
      },
    ],
    checks: [atMost('first byte: through ours - from S3', first(through) - first(direct), 5, 'ms')],
    skipped: [],
  };
}
