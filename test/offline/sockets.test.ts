import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import type { PrefetchAnswer } from '../../plugin/protocol.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { jpeg } from '../helpers/images.ts';
import { contentDigest, jobId, PROJECT } from '../helpers/uploads.ts';

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** A server of which is watched what it opens. */
async function startWatched(offline: '0' | '1') {
  const dir = join(await temporaryDirectory(), '.image-cache');
  const child = spawn(process.execPath, ['--import', path('./watchSockets.ts'), path('./watchedServer.ts'), dir], {
    // Nothing of this machine, such as keys or a proxy.
    env: { PATH: process.env['PATH'], HOME: dir, IMAGE_CACHE_OFFLINE: offline, NODE_NO_WARNINGS: '1' },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const [, found] = /ready (\d+)\n/.exec(output) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once('close', () => reject(new Error(log)));
  });
  return {
    dir,
    call: (way: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${way}`, init),
    /** Ends it. @returns what it has opened, and what it has logged */
    async end() {
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.stdin.end();
      await ended;
      const opened = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as string[];
      return { opened, log };
    },
  };
}

const BUCKET = 'https://team-photos.s3.eu-central-1.amazonaws.com';
const SIGNATURE =
  'X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20260101%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=604800&X-Amz-SignedHeaders=host&X-Amz-Signature=00';

const image = (url: string, more = '') => `/image?url=${encodeURIComponent(url)}${more}`;
const json = (body: object): RequestInit => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
});

it('I44: offline, no socket is opened, no name looked up and no SDK imported, whatever is asked; each miss is named once', async () => {
  const { dir, call, end } = await startWatched('1');
  const misses = [
    call(image(`${BUCKET}/bare.jpg`)),
    call(image(`${BUCKET}/signed.jpg?${SIGNATURE}`)),
    call(image('s3://team-photos/variant.jpg', '&w=64&format=webp')),
    call(image(`${BUCKET}/bare.jpg`), { headers: { 'Cache-Control': 'no-cache' } }),
  ];
  for (const answer of await Promise.all(misses)) expect(answer.status).toBe(504);
  const urls = ['bare.jpg', 'prefetched.jpg', `signed.jpg?${SIGNATURE}`].map((name) => ({
    s3_url: `${BUCKET}/${name}`,
  }));
  for (const more of [{}, { revalidate: true }, { priority: 'visible' }]) {
    const answer = (await (
      await call('/prefetch', json({ actor_id: '0001', images: urls, ...more }))
    ).json()) as PrefetchAnswer;
    expect(answer.failed).toBe(3);
  }
  const picture = await jpeg(1);
  const headers = { 'Image-Cache-Project': PROJECT, 'Content-Digest': contentDigest(picture) };
  const job = jobId();
  expect((await call(`/uploads/${job}`, { method: 'PUT', headers, body: new Uint8Array(picture) })).status).toBe(202);
  const entity = { type: 'note', id: '1' };
  await call('/uploads/find', { ...json({ entity }), headers: { ...headers, 'Content-Type': 'application/json' } });
  expect((await call(`/uploads/${job}`, { method: 'DELETE', headers })).status).toBeLessThan(500);
  expect((await call('/doctor')).status).toBe(200);
  expect((await call(`/doctor?url=${encodeURIComponent(`${BUCKET}/bare.jpg`)}`)).status).toBe(200);
  for (const way of ['/stats', '/metrics', '/manifest']) await call(way);
  await call('/verify', { method: 'POST' });
  await call('/clear-all', { method: 'POST' });

  const { opened, log } = await end();
  expect(opened).toEqual([]);
  const names = ['bare.jpg', 'signed.jpg', 'variant.jpg', 'prefetched.jpg'];
  const last = log.trimEnd().split('\n').at(-1) ?? '';
  for (const name of names) expect(last.split(`/${name}`)).toHaveLength(2);
  expect(log).not.toContain('X-Amz-Signature=00');
  const lines = (await readFile(join(dir, 'missed.txt'), 'utf8')).trimEnd().split('\n').slice(1);
  expect(lines).toHaveLength(names.length);
  expect(new Set(lines.map((line) => line.split('/').at(-1)))).toEqual(new Set(names));
});

it('I44: the same server opens all of these when it is not offline, so the test would see them', async () => {
  const { call, end } = await startWatched('0');
  expect((await call(image(`${BUCKET}/signed.jpg?${SIGNATURE}`))).status).toBe(502);
  await call(image(`${BUCKET}/bare.jpg`));
  const { opened } = await end();
  const kinds = new Set(opened.map((each) => each.split(' ', 1)[0]));
  expect([...kinds]).toEqual(expect.arrayContaining(['connect', 'import', 'dns.lookup']));
  expect(opened.some((each) => each.includes('169.254.169.254'))).toBe(true);
});
