import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { UploadCheckAnswer, UploadStatus } from '../../plugin/uploadProtocol.ts';
import { type Child, spawnUntil } from '../helpers/child.ts';
import { type AnyCrashPointName, UPLOAD_CRASH_POINT_NAMES } from '../helpers/crashPoints.ts';
import { jpeg } from '../helpers/images.ts';
import { type S3Proxy, openS3Proxy } from '../helpers/s3Proxy.ts';
import { type Bucket, openBucket } from '../helpers/stack.ts';
import { PROJECT, jobId, keyOf, sha256, uploadHeaders } from '../helpers/uploads.ts';
import type { UploadsProcessSettings } from '../helpers/uploadsProcessChild.ts';
import { type UploadsServer, openUploadsServer } from '../helpers/uploadsServer.ts';

const CHILD = fileURLToPath(new URL('../helpers/uploadsProcessChild.ts', import.meta.url));

/** A process with a server that is killed in the middle of an upload, and the server after it. */
interface Trial {
  /** What became of the request to the server that was killed: its status, or that there was no answer. */
  answered: number | 'nothing';
  /** What the next server says of the upload at first. */
  after: UploadStatus['state'] | undefined;
  /** Whether the bucket has these bytes in the end. */
  isStored: boolean;
  /** How often they were sent. */
  puts: number;
}

const children: Child[] = [];
let bucket: Bucket;
let proxy: S3Proxy;

const behindProxy = () => ({ ...bucket.option, endpoint: proxy.endpoint });

async function start(dir: string, crash?: AnyCrashPointName): Promise<Child> {
  const settings: UploadsProcessSettings = { dir, bucket: behindProxy(), ...(crash !== undefined && { crash }) };
  const child = await spawnUntil(process.execPath, [CHILD, JSON.stringify(settings)], 'listening ');
  children.push(child);
  return child;
}

async function put(base: string, job: string, picture: Buffer): Promise<number | 'nothing'> {
  try {
    const init = { method: 'PUT', headers: uploadHeaders(picture), body: new Uint8Array(picture) };
    return (await fetch(`${base}/uploads/${job}`, init)).status;
  } catch {
    return 'nothing';
  }
}

async function check(base: string, job: string, picture: Buffer): Promise<UploadStatus | undefined> {
  const answer = await fetch(`${base}/uploads/check`, {
    method: 'POST',
    headers: { 'Image-Cache-Project': PROJECT, 'Content-Type': 'application/json' },
    body: JSON.stringify({ jobs: [{ job_id: job, sha256: sha256(picture) }] }),
  });
  return ((await answer.json()) as UploadCheckAnswer).jobs[0]; // the protocol says so
}

/** Sends the first half, and nothing more. */
function putHalf(base: string, job: string, picture: Buffer): Promise<'nothing'> {
  return new Promise((resolve) => {
    const headers = { ...uploadHeaders(picture), 'Content-Length': picture.length };
    const sent = request(`${base}/uploads/${job}`, { method: 'PUT', headers });
    sent.on('error', () => resolve('nothing'));
    sent.write(picture.subarray(0, picture.length / 2));
  });
}

const until = (look: () => Promise<void>) => vi.waitFor(look, { timeout: 20_000 });

async function runTrial(n: number, { crash, killed }: Case): Promise<Trial> {
  const dir = await mkdtemp(join(tmpdir(), 'image-cache-uploads-'));
  let second: UploadsServer | undefined;
  try {
    const [picture, job] = [await jpeg(n), jobId()];
    const key = keyOf(picture);
    const first = await start(dir, crash);
    if (killed === 'asked' || killed === 'answered') kills.set(`${killed} ${key}`, first);
    const sending = killed === 'half sent' ? putHalf(first.ready, job, picture) : put(first.ready, job, picture);
    if (killed === 'half sent') {
      await until(async () => expect(await readdir(join(dir, '.image-outbox', 'tmp'))).toHaveLength(1));
      await first.kill('SIGKILL');
    }
    const answered = await sending;
    await first.kill('SIGKILL');

    second = await openUploadsServer(dir, behindProxy());
    const { base } = second;
    const after = (await check(base, job, picture))?.state;
    if (after === 'needed') await put(base, job, picture);
    await until(async () => expect((await check(base, job, picture))?.state).toBe('stored'));
    await until(async () => expect(await filesIn(dir)).toEqual([]));
    const got = await fetch(await bucket.presign(key));
    return {
      answered,
      after: after === 'storing' ? 'accepted' : after,
      isStored: got.ok && Buffer.from(await got.arrayBuffer()).equals(picture),
      puts: proxy.seen.filter((each) => each === `PUT /photos/${key}`).length,
    };
  } finally {
    await second?.close();
    await rm(dir, { recursive: true, force: true, maxRetries: 10 });
  }
}

async function filesIn(dir: string): Promise<string[]> {
  const folders = ['jobs', 'bodies', 'tmp'].map((name) => readdir(join(dir, '.image-outbox', name)));
  return (await Promise.all(folders)).flat();
}

/** When the first server dies, and what the next one knows then. */
interface Case {
  name: string;
  crash?: AnyCrashPointName;
  killed?: 'half sent' | 'asked' | 'answered';
  after: UploadStatus['state'];
  puts: number;
  /** Whether the answer may have been sent before the server dies: it does not wait for what comes after the record of the end. */
  mayAnswer?: boolean;
}

const AFTER: Partial<Record<AnyCrashPointName, UploadStatus['state']>> = {
  'C6: before the record': 'needed',
  'C7: between the record and the picture': 'needed',
  'C8: between the picture and the answer': 'accepted',
};

const CASES: readonly Case[] = [
  ...UPLOAD_CRASH_POINT_NAMES.map((crash): Case => ({
    name: crash,
    crash,
    after: AFTER[crash] ?? 'stored',
    puts: 1,
    mayAnswer: crash === 'C14: while the picture is put aside',
  })),
  { name: 'C5, C6: when half of it has come', killed: 'half sent', after: 'needed', puts: 1 },
  { name: 'C12: while it is sent to the bucket', killed: 'asked', after: 'accepted', puts: 2 },
  { name: 'C13: when the bucket has it and has not said so', killed: 'answered', after: 'accepted', puts: 2 },
];

/** By what the proxy sees: which server dies then. */
const kills = new Map<string, Child>();

function killAt(moment: 'asked' | 'answered', { method, url = '' }: IncomingMessage): boolean {
  const key = url.replace(/^\/photos\/|\?.*$/g, '');
  const child = method === 'PUT' ? kills.get(`${moment} ${key}`) : undefined;
  kills.delete(`${moment} ${key}`);
  void child?.kill('SIGKILL');
  return child !== undefined;
}

const trials = new Map<string, Trial>();

beforeAll(async () => {
  bucket = await openBucket();
  proxy = await openS3Proxy(bucket.server);
  proxy.answer = (asked) => (killAt('asked', asked) ? 'hang' : undefined);
  proxy.rewrite = (headers, asked) => {
    killAt('answered', asked);
    return headers;
  };
  // At once: most of the time the next server waits for the lock of the one that was killed.
  await Promise.all(CASES.map(async (each, n) => trials.set(each.name, await runTrial(n, each))));
}, 90_000);

afterAll(async () => {
  await Promise.all(children.map((child) => child.kill('SIGKILL')));
  await proxy.close();
  await bucket.close();
});

it.each(CASES)(
  'a server that is killed loses nothing that it has accepted: $name',
  ({ name, after, puts, mayAnswer }) => {
    const answered: unknown = mayAnswer === true ? expect.toBeOneOf(['nothing', 201]) : 'nothing';
    expect(trials.get(name)).toEqual({ answered, after, isStored: true, puts });
  },
);
