import { DeleteObjectCommand, ListObjectsV2Command, PutBucketCorsCommand } from '@aws-sdk/client-s3';
import { chromium } from 'playwright-core';
import { createS3Client } from '../../../demo/upload.ts';
import { chromiumPath } from '../../e2e/browser.ts';
import { type Bench, newDirectory } from '../bench.ts';
import { type Findings, amount, atMost } from '../report.ts';
import { measureInRounds } from '../rounds.ts';
import { type Upstream, slowedDown, startUpstream } from '../upstream.ts';
import type { Measured } from './page/measure.ts';
import { startSite } from './site.ts';

const LATENCY_MS = 50;
/** Ours by default, and Uppy's. */
const CONCURRENCIES = [2, 6] as const;
const TURNS = 5;

type Concurrency = (typeof CONCURRENCIES)[number];
const KINDS = ['uppy', 'durable', 'ours'] as const;
type Kind = (typeof KINDS)[number];

/** Many photographs into a bucket by signed URLs, beside Uppy and the least that loses none, and what it takes until one is safe in the browser. In a real Chromium. */
export async function benchUploads(bench: Bench): Promise<Findings> {
  const [count, large, turns] = bench.quick ? [12, 4, 1] : [100, 40, TURNS];
  const upstream = await startUpstream(bench, []);
  const bucket = await openBucket(upstream);
  const site = await startSite(bench, await slowedDown(bench, upstream, LATENCY_MS));
  // A profile on the disk, since what is saved in a window of another kind is saved in memory.
  const browser = await chromium.launchPersistentContext(await newDirectory(bench), {
    executablePath: await chromiumPath(),
    args: ['--no-sandbox'], // the page is our own, and CI runs as root
  });
  try {
    const page = await browser.newPage();
    await page.goto(site.origin);
    await page.waitForFunction(() => 'runs' in window);
    const run = async (kind: Kind, concurrency: number): Promise<Measured> => {
      const measured = await page.evaluate(([name, options]) => window.runs[name](options), [
        kind,
        { count, concurrency },
      ] as const);
      const written = await bucket.empty();
      if (written !== count) throw new Error(`${kind} has written ${written} objects of ${count}`);
      return measured;
    };
    for (const kind of KINDS) await run(kind, 6); // warms up
    const contenders = CONCURRENCIES.flatMap((concurrency) =>
      KINDS.map((kind) => ({
        name: `${kind} ${concurrency}` as const,
        measure: () => run(kind, concurrency),
      })),
    );
    const rounds = await measureInRounds(turns, contenders);
    const saves = await page.evaluate((times) => window.runs.enqueue({ count: times }), large);

    const seconds = (name: `${Kind} ${Concurrency}`) => rounds.median(name, ({ ms }) => ms / 1000);
    const longest = (results: readonly Measured[]) => Math.max(...results.map(({ longestTaskMs }) => longestTaskMs));
    const ratio = (concurrency: Concurrency, [kind, other]: readonly [Kind, Kind] = ['ours', 'uppy']) =>
      rounds.ratio(`${kind} ${concurrency}`, `${other} ${concurrency}`, ({ ms }) => ms);
    const cell = (value: number | undefined, unit: string) => `${amount(value ?? Number.NaN)} ${unit}`;
    const blocked = longest(rounds.all('ours 2').concat(rounds.all('ours 6')));
    return {
      tables: [
        {
          title: `${count} pictures of ${Math.round(site.sizes.small / 1000)} KB by signed URLs, +${LATENCY_MS} ms: medians of ${turns} turns`,
          head: ['', 'Uppy', 'saved first', 'ours', 'saved first / Uppy', 'ours / Uppy', 'ours / saved first'],
          rows: CONCURRENCIES.map((concurrency) => [
            `${concurrency} at a time${concurrency === 2 ? ' (our default)' : ' (Uppy’s default)'}`,
            ...KINDS.map((kind) => cell(seconds(`${kind} ${concurrency}`), 's')),
            cell(ratio(concurrency, ['durable', 'uppy']), '×'),
            cell(ratio(concurrency), '×'),
            cell(ratio(concurrency, ['ours', 'durable']), '×'),
          ]),
        },
        {
          title: `Until a photograph of ${(site.sizes.large / 1e6).toFixed(1)} MB is saved: ${large} of them`,
          head: ['', 'median', '95 of 100', 'longest task'],
          rows: [
            [
              '`upload()`',
              cell(quantile(saves, 0.5), 'ms'),
              cell(quantile(saves, 0.95), 'ms'),
              cell(longest(saves), 'ms'),
            ],
          ],
        },
      ],
      checks: [
        ...CONCURRENCIES.flatMap((concurrency) => [
          atMost(`${concurrency} at a time: ours / Uppy`, ratio(concurrency), 1.25),
          atMost(`${concurrency} at a time: ours / saved first`, ratio(concurrency, ['ours', 'durable']), 1.25),
        ]),
        atMost('the page is blocked at a time, many pictures (0: below 50)', blocked, 50, 'ms'),
        atMost('the page is blocked at a time, large ones (0: below 50)', longest(saves), 50, 'ms'),
        atMost('a large photograph is saved, 95 of 100', quantile(saves, 0.95), 250, 'ms'),
      ],
      skipped: [],
    };
  } finally {
    await browser.close();
    site.close();
    bucket.close();
  }
}

function quantile(results: readonly Measured[], share: number): number {
  const sorted = results.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}

/** The bucket without the latency, which pages of other origins may write to. */
async function openBucket({ storage }: Upstream): Promise<{ empty(): Promise<number>; close(): void }> {
  const s3 = createS3Client(storage);
  const Bucket = storage.bucket;
  const rule = {
    AllowedOrigins: ['*'],
    AllowedMethods: ['PUT', 'HEAD'],
    AllowedHeaders: ['*'],
    ExposeHeaders: ['ETag', 'x-amz-checksum-sha256'],
  };
  await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }));
  return {
    /** @returns how many objects there were */
    async empty() {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
      for (const { Key } of Contents) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
      return Contents.length;
    },
    close: () => s3.destroy(),
  };
}
