import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { CacheStats, PrefetchAnswer } from '../../plugin/protocol.ts';
import { type Child, run, start } from '../helpers/child.ts';
import { jpeg } from '../helpers/images.ts';
import { slowness } from '../helpers/slowness.ts';
import { type Bucket, imagePath, startBucket } from '../helpers/stack.ts';
import { INSTALL, NODES, exists, npm, packTarball, strangersEnv } from './tarball.ts';

const SERVER = `import express from 'express';
import { createImageCache } from 'vite-plugin-image-cache/express';

const { S3_ENDPOINT: endpoint, S3_KEY: accessKeyId, S3_SECRET: secretAccessKey } = process.env;
const images = createImageCache({
  buckets: [{ name: 'photos', endpoint, credentials: { accessKeyId, secretAccessKey } }],
  authorize: (request, entry) => request.headers['x-user'] === entry.actor_id,
  manage: (request) => request.headers['x-user'] === 'admin',
});
const server = express().use('/api/cache', images.router).listen(0, () => {
  console.log('Listening on', server.address().port);
});
process.once('SIGTERM', async () => {
  server.close();
  await images.close();
  server.closeIdleConnections();
});
`;

vi.setConfig({ testTimeout: 60_000 });

let app: string;

beforeAll(async () => {
  app = await mkdtemp(join(tmpdir(), 'image-cache-express-'));
  const tarball = await packTarball(app);
  await npm(['init', '--yes'], app);
  await npm([...INSTALL, tarball, 'express'], app);
  await writeFile(join(app, 'server.mjs'), SERVER);
  return () => rm(app, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
});

it('the command line runs from the tarball, also on the oldest Node', async () => {
  const { version } = JSON.parse(
    await readFile(join(app, 'node_modules/vite-plugin-image-cache/package.json'), 'utf8'),
  ) as {
    version: string;
  };
  for (const { node } of NODES) {
    const program = join(app, 'node_modules/.bin/image-cache');
    const { stdout } = await run(node, [program, '--version'], { cwd: app, env: strangersEnv(node, {}) });
    expect(stdout).toBe(`${version}\n`);
  }
});

async function startServer(node: string, { option }: Bucket) {
  await rm(join(app, '.image-cache'), { recursive: true, force: true });
  const { accessKeyId, secretAccessKey } = option.credentials;
  const env = { S3_ENDPOINT: option.endpoint, S3_KEY: accessKeyId, S3_SECRET: secretAccessKey };
  const server = await start(node, ['server.mjs'], 'Listening on ', { cwd: app, env: strangersEnv(node, env) });
  return { server, base: `http://127.0.0.1:${server.ready}/api/cache` };
}

/** Prefetches for actor 0001, as who may see that actor's images. */
function prefetch(base: string, urls: string[]): Promise<Response> {
  return fetch(`${base}/prefetch`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-User': '0001' },
    body: JSON.stringify({ actor_id: '0001', images: urls.map((s3_url) => ({ s3_url })) }),
  });
}

/** Puts pictures into the bucket, and answers their presigned URLs. */
async function upload(bucket: Bucket, count: number, picture: Buffer): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, n) => `0001/${n}.jpg`);
  for (const key of keys) bucket.server.put('photos', key, picture);
  return Promise.all(keys.map((key) => bucket.presign(key)));
}

/** Asks the server to end, and answers how, and how long it took. */
async function terminate(server: Child) {
  const asked = performance.now();
  await server.kill('SIGTERM');
  return { code: server.process.exitCode, signal: server.process.signalCode, ms: performance.now() - asked };
}

describe('the tarball in a plain Express app', () => {
  it('installs neither Vite nor React', async () => {
    expect(await exists(join(app, 'node_modules', 'vite-plugin-image-cache', 'package.json'))).toBe(true);
    expect(await exists(join(app, 'node_modules', 'vite'))).toBe(false);
    expect(await exists(join(app, 'node_modules', 'react'))).toBe(false);
  });

  it.each(NODES)('caches, asks `authorize`, and ends on SIGTERM, on $name', async ({ node }) => {
    const bucket = await startBucket();
    const photo = await jpeg(1);
    const urls = await upload(bucket, 1, photo);
    const { server, base } = await startServer(node, bucket);

    const answer = await prefetch(base, urls);
    const { results } = (await answer.json()) as PrefetchAnswer; // our own server's
    const [result] = results;
    if (result === undefined || !('entry' in result)) throw new Error(JSON.stringify(results));

    const url = base + imagePath(result.entry.local_path);
    const image = await fetch(url, { headers: { 'X-User': '0001' } });
    expect([image.status, image.headers.get('x-cache')]).toEqual([200, 'HIT']);
    expect(Buffer.from(await image.arrayBuffer()).equals(photo)).toBe(true);
    const denied = await fetch(url, { headers: { 'X-User': '0002' } });
    expect(denied.status).toBe(403);
    expect(await denied.json()).toMatchObject({ code: 'NOT_AUTHORIZED' });

    const end = await terminate(server);
    expect(end).toMatchObject({ code: 0, signal: null });
    expect(end.ms).toBeLessThan(5000 * slowness().clock);
  });

  it.each(NODES)('prefetches a page full of images without a warning, on $name', async ({ node }) => {
    const bucket = await startBucket();
    const urls = await upload(bucket, 40, await jpeg(1));
    const { server, base } = await startServer(node, bucket);
    const answer = await prefetch(base, urls);
    expect(await answer.json()).toMatchObject({ downloaded: 40 });
    await terminate(server); // what it still had to say is in its output then
    expect(server.output()).toBe(`Listening on ${server.ready}\n`);
  });

  it.each(NODES)(
    'T60: SIGTERM in the middle of a prefetch ends the server within 5 s, and the request gets an answer, on $name',
    async ({ node }) => {
      const bucket = await startBucket();
      const urls = await upload(bucket, 200, await jpeg(1));
      bucket.server.faults.latencyMs = 2000; // 13 rounds of 16: far from done when the signal comes
      const { server, base } = await startServer(node, bucket);

      const answer = prefetch(base, urls);
      await expect.poll(() => activeDownloads(base)).toBeGreaterThan(0);
      const end = await terminate(server);
      expect(end).toMatchObject({ code: 0, signal: null });
      expect(end.ms).toBeLessThan(5000 * slowness().clock);
      expect(await (await answer).json()).toMatchObject({ total: 200, downloaded: 0, failed: 200 });
    },
  );
});

async function activeDownloads(base: string): Promise<number> {
  const answer = await fetch(`${base}/stats`, { headers: { 'X-User': 'admin' } });
  const { downloads } = (await answer.json()) as CacheStats; // our own server's
  return downloads.active;
}
