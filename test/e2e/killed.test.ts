import { createHash } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Manifest, PrefetchLine } from '../../plugin/protocol.ts';
import { start } from '../helpers/child.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { jpeg } from '../helpers/images.ts';
import { slowness } from '../helpers/slowness.ts';
import { type Bucket, imagePath, startBucket } from '../helpers/stack.ts';

const COUNT = 120;
const devServer = fileURLToPath(new URL('devServer.ts', import.meta.url));

function startDevServer(root: string, { option }: Bucket) {
  const { accessKeyId, secretAccessKey } = option.credentials;
  return start(process.execPath, [devServer, root, option.endpoint, accessKeyId, secretAccessKey], 'ready ');
}

async function prefetch(origin: string, bucket: Bucket): Promise<Response> {
  const images = await Promise.all(
    Array.from({ length: COUNT }, async (_, n) => ({ s3_url: await bucket.presign(`${n}.jpg`), filename: `${n}.jpg` })),
  );
  return fetch(`${origin}/api/cache/prefetch`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Accept: 'application/x-ndjson' },
    body: JSON.stringify({ actor_id: '0001', images }),
  });
}

it('T47: kill -9 in the middle of a prefetch loses no acknowledged image, leaves no partial file, and the prefetch continues', async () => {
  const bucket = await startBucket();
  const digests = new Map<string, string>();
  for (let n = 0; n < COUNT; n += 1) {
    const picture = await jpeg(n, { width: 300, height: 200 });
    bucket.server.put('photos', `${n}.jpg`, picture);
    digests.set(`${n}.jpg`, createHash('sha256').update(picture).digest('hex'));
  }
  bucket.server.faults.latencyMs = 40;
  const root = await temporaryDirectory();
  await writeFile(join(root, 'index.html'), '');

  const acknowledged: string[] = [];
  const first = await startDevServer(root, bucket);
  const answer = await prefetch(first.ready, bucket);
  let text = '';
  const decoder = new TextDecoder();
  try {
    for await (const chunk of answer.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) {
        const result = JSON.parse(line) as PrefetchLine;
        if ('entry' in result && result.status === 'downloaded') acknowledged.push(result.entry.local_path);
      }
      if (acknowledged.length >= COUNT / 3) await first.kill('SIGKILL');
    }
  } catch {
    // The connection died with the server.
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(COUNT / 3);
  expect(acknowledged.length).toBeLessThan(COUNT);

  const second = await startDevServer(root, bucket);
  bucket.server.faults.offline = true; // what is served now comes from disk
  for (const path of acknowledged) {
    const image = await fetch(`${second.ready}/api/cache${imagePath(path)}`);
    expect(image.status).toBe(200);
    const body = Buffer.from(await image.arrayBuffer());
    expect(image.headers.get('etag')).toBe(`"${createHash('sha256').update(body).digest('hex')}"`);
  }
  bucket.server.faults.offline = false;
  expect(await readdir(join(root, '.image-cache', 'tmp'))).toEqual([]);

  const rest = (await (await prefetch(second.ready, bucket)).text()).trim().split('\n');
  const done = JSON.parse(rest.at(-1) ?? '') as { cached: number; downloaded: number; failed: number };
  expect(done.failed).toBe(0);
  expect(done.cached).toBeGreaterThanOrEqual(acknowledged.length);
  const manifest = (await (await fetch(`${second.ready}/api/cache/manifest`)).json()) as Manifest;
  const entries = Object.values(manifest.entries);
  expect(entries).toHaveLength(COUNT);
  for (const entry of entries) expect(entry.sha256).toBe(digests.get(entry.filename));
});

it('T60: two SIGTERMs in the middle of a prefetch end the dev server within 5 s, and finished images are kept', async () => {
  const bucket = await startBucket();
  for (let n = 0; n < COUNT; n += 1) bucket.server.put('photos', `${n}.jpg`, await jpeg(n));
  bucket.server.faults.latencyMs = 100;
  const root = await temporaryDirectory();
  await writeFile(join(root, 'index.html'), '');

  const first = await startDevServer(root, bucket);
  const prefetching = prefetch(first.ready, bucket)
    .then((answer) => answer.text())
    .catch(() => ''); // the connection ends with the server
  const stats = async () =>
    (await fetch(`${first.ready}/api/cache/stats`)).json() as Promise<{ total_entries: number }>;
  await expect.poll(async () => (await stats()).total_entries, { timeout: 20_000 }).toBeGreaterThan(10);
  const finished = (await stats()).total_entries;

  const asked = performance.now();
  first.process.kill('SIGTERM');
  await first.kill('SIGTERM');
  expect(performance.now() - asked).toBeLessThan(5000 * slowness().clock);
  await prefetching;

  const second = await startDevServer(root, bucket);
  const { entries } = (await (await fetch(`${second.ready}/api/cache/manifest`)).json()) as Manifest;
  expect(Object.keys(entries).length).toBeGreaterThanOrEqual(finished);
  expect(await readdir(join(root, '.image-cache', 'tmp'))).toEqual([]);
});
