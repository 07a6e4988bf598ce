import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bench, newCacheDir, newDirectory } from './bench.ts';
import type { Cost, FetchJob } from './fetchLoop.ts';
import { prefetch } from './ourApi.ts';
import { findProgram } from './processes.ts';
import type { Upstream } from './upstream.ts';

const LOOP = fileURLToPath(new URL('fetchLoop.ts', import.meta.url));

/** Objects of one prefix in a bucket. */
export interface Batch {
  upstream: Upstream;
  /** With its slash. */
  prefix: string;
  keys: string[];
  /** Fetched before the clock starts, by contenders that are servers which are already running. */
  warmKeys: string[];
}

export type FetcherName =
  | 'rclone'
  | 'aws s3 cp'
  | 'SDK loop'
  | 'undici loop, presigned'
  | 'ours, 16'
  | 'ours, auto'
  | 'ours, 16, presigned'
  | 'ours, auto, presigned';

/** What it took, and by how much the memory of a server grew. */
export type FetchCost = Cost & { rssGrowthBytes?: number };

export interface Fetcher {
  name: FetcherName;
  fetch(batch: Batch): Promise<FetchCost>;
}

/** All who are installed. */
export async function findFetchers(bench: Bench): Promise<{ fetchers: Fetcher[]; skipped: string[] }> {
  const fetchers: Fetcher[] = [
    { name: 'SDK loop', fetch: (batch) => runLoop(bench, 'sdk', batch) },
    { name: 'undici loop, presigned', fetch: (batch) => runLoop(bench, 'undici', batch) },
    { name: 'ours, 16', fetch: (batch) => prefetchWith(bench, batch, { concurrency: 16, urls: 'bare' }) },
    { name: 'ours, auto', fetch: (batch) => prefetchWith(bench, batch, { concurrency: 'auto', urls: 'bare' }) },
    {
      name: 'ours, 16, presigned',
      fetch: (batch) => prefetchWith(bench, batch, { concurrency: 16, urls: 'presigned' }),
    },
    {
      name: 'ours, auto, presigned',
      fetch: (batch) => prefetchWith(bench, batch, { concurrency: 'auto', urls: 'presigned' }),
    },
  ];
  const skipped: string[] = [];
  const rclone = await findProgram('rclone');
  if (rclone === undefined) skipped.push('rclone is not installed: `apt-get install rclone`.');
  else fetchers.unshift({ name: 'rclone', fetch: (batch) => runRclone(bench, rclone, batch) });
  const aws = await findProgram('aws');
  if (aws === undefined) skipped.push('the AWS CLI is not installed: `apt-get install awscli`.');
  else fetchers.push({ name: 'aws s3 cp', fetch: (batch) => runAws(bench, aws, batch) });
  return { fetchers, skipped };
}

async function prefetchWith(
  bench: Bench,
  { upstream, keys, warmKeys }: Batch,
  { concurrency, urls }: { concurrency: 16 | 'auto'; urls: 'bare' | 'presigned' },
): Promise<FetchCost> {
  const urlsOf = (some: string[]) =>
    Promise.all(some.map(async (key) => (urls === 'bare' ? upstream.bareUrl(key) : upstream.presign(key))));
  const cacheDir = await newCacheDir(bench);
  // What is kept in memory on purpose is not what a download takes.
  const memory = { maxSize: '1MB' };
  const options = { buckets: [upstream.bucket], cacheDir, concurrency, memory, durability: 'full' as const };
  const server = await bench.processes.start('ours', options);
  await prefetch(server.origin, await urlsOf(warmKeys));
  const wanted = await urlsOf(keys);
  const before = await server.usage();
  const started = performance.now();
  await prefetch(server.origin, wanted);
  const wallSeconds = (performance.now() - started) / 1000;
  const after = await server.usage();
  await server.end();
  return {
    wallSeconds,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    rssGrowthBytes: after.peakRssBytes - before.rssBytes,
  };
}

async function runLoop(bench: Bench, name: 'sdk' | 'undici', { upstream, keys }: Batch): Promise<Cost> {
  const job: FetchJob = { storage: upstream.storage, keys, dir: await newDirectory(bench) };
  const output = await bench.processes.run(process.execPath, [LOOP, name, JSON.stringify(job)]);
  return JSON.parse(output) as Cost; // by fetchLoop.ts
}

async function runRclone(bench: Bench, rclone: string, { upstream, prefix }: Batch): Promise<Cost> {
  const { storage } = upstream;
  const target = await newDirectory(bench);
  const options = ['--config', '/dev/null', '--transfers', '16', '--s3-provider', 'Other', '--s3-env-auth'];
  const place = ['--s3-endpoint', storage.endpoint, '--s3-region', storage.region];
  const args = ['copy', ...options, ...place, `:s3:${storage.bucket}/${prefix}`, target];
  return runTimed(bench, [rclone, ...args], credentials(upstream));
}

async function runAws(bench: Bench, aws: string, { upstream, prefix }: Batch): Promise<Cost> {
  const { endpoint, bucket, region } = upstream.storage;
  const target = await newDirectory(bench);
  const config = join(await newDirectory(bench), 'config');
  await writeFile(config, '[default]\ns3 =\n  max_concurrent_requests = 16\n');
  const what = ['s3', 'cp', '--recursive', '--only-show-errors', `s3://${bucket}/${prefix}`, target];
  const env = { ...credentials(upstream), AWS_CONFIG_FILE: config, AWS_DEFAULT_REGION: region };
  return runTimed(bench, [aws, ...what, '--endpoint-url', endpoint], env);
}

function credentials({ storage }: Upstream): NodeJS.ProcessEnv {
  const { accessKeyId, secretAccessKey } = storage.credentials;
  return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_EC2_METADATA_DISABLED: 'true' };
}

/** By bash's own `time`: Node does not say what a program that it started has used. */
async function runTimed({ processes }: Bench, command: string[], env: NodeJS.ProcessEnv): Promise<Cost> {
  const script = 'TIMEFORMAT="took %R %U %S"; time "$@"';
  const output = await processes.run('bash', ['-c', script, 'bash', ...command], { ...env, LC_ALL: 'C' });
  const [, wall, user, system] = /took ([\d.]+) ([\d.]+) ([\d.]+)/.exec(output) ?? [];
  return { wallSeconds: Number(wall), cpuSeconds: Number(user) + Number(system) };
}
