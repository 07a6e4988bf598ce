/**
 * The least that a program can do to fetch a list of objects into files, 16 at a time, with no look at what it got:
 * `node test/bench/fetchLoop.ts <sdk|undici> <job as JSON>`, in a process of its own. Prints what it took as JSON.
 */
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Pool } from 'undici';
import type { Storage } from '../../demo/settings.ts';
import { createSigner } from '../../demo/signer.ts';
import { createS3Client } from '../../demo/upload.ts';

export interface FetchJob {
  storage: Storage;
  keys: string[];
  dir: string;
}

/** What it took, without starting the process. */
export interface Cost {
  wallSeconds: number;
  cpuSeconds: number;
}

const AT_ONCE = 16;
/** Fetched before the clock starts, so that connections and compiled code are there, as in a server that runs. */
const WARM = 16;

const [name = '', text = ''] = process.argv.slice(2);
const job = JSON.parse(text) as FetchJob; // by fetchers.ts
const fetchOne = name === 'sdk' ? sdkFetcher(job) : await undiciFetcher(job);

await fetchAll(WARM);
const started = performance.now();
const cpuBefore = cpuSeconds();
await fetchAll(job.keys.length);
const cost: Cost = { wallSeconds: (performance.now() - started) / 1000, cpuSeconds: cpuSeconds() - cpuBefore };
console.log(JSON.stringify(cost));
process.exit();

async function fetchAll(count: number): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let n = next++; n < count; n = next++) await pipeline(await fetchOne(n), fileOf(n));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

function fileOf(n: number) {
  return createWriteStream(join(job.dir, `${n}.jpg`));
}

function sdkFetcher({ storage, keys }: FetchJob): (n: number) => Promise<Readable> {
  const client = createS3Client(storage);
  return async (n) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: storage.bucket, Key: keys[n] ?? '' }));
    if (!(Body instanceof Readable)) throw new Error('the SDK answered without a stream');
    return Body;
  };
}

async function undiciFetcher({ storage, keys }: FetchJob): Promise<(n: number) => Promise<Readable>> {
  const urls = await Promise.all(keys.map(createSigner(storage)));
  const pool = new Pool(new URL(urls[0] ?? '').origin, { connections: AT_ONCE });
  return async (n) => {
    const { pathname, search } = new URL(urls[n] ?? '');
    const { statusCode, body } = await pool.request({ path: pathname + search, method: 'GET' });
    if (statusCode !== 200) throw new Error(`${pathname} was answered with ${statusCode}`);
    return body;
  };
}

function cpuSeconds(): number {
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  return (userCPUTime + systemCPUTime) / 1e6;
}
