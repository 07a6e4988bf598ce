import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ViteDevServer, createServer } from 'vite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { imageCache } from '../../plugin/index.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { jpeg } from '../helpers/images.ts';
import { type Bucket, imageUrl, startBucket } from '../helpers/stack.ts';

interface Dev {
  server: ViteDevServer;
  image(url: string): Promise<Response>;
  post(path: string): Promise<Response>;
}

async function project(): Promise<string> {
  const root = await temporaryDirectory();
  await writeFile(join(root, 'index.html'), '<!doctype html>');
  return root;
}

/** Two of these on one root share a cache directory, as two terminals do. */
async function startDev(bucket: Bucket, root: string): Promise<Dev> {
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    optimizeDeps: { noDiscovery: true, include: [] },
    plugins: [imageCache({ buckets: [bucket.option] })],
    server: { host: '127.0.0.1', port: 0 },
  });
  onTestFinished(() => server.close());
  await server.listen();
  const api = `http://127.0.0.1:${new URL(server.resolvedUrls?.local[0] ?? '').port}/api/cache`;
  const headers = { Connection: 'close' };
  return {
    server,
    image: (url) => fetch(api + imageUrl(url), { headers }),
    post: (path) => fetch(api + path, { method: 'POST', headers }),
  };
}

async function outcome(answer: Promise<Response>): Promise<string | null> {
  const response = await answer;
  await response.arrayBuffer();
  return response.headers.get('x-cache');
}

async function pictures(bucket: Bucket, count: number): Promise<string[]> {
  const urls: string[] = [];
  for (let n = 0; n < count; n += 1) {
    bucket.server.put('photos', `${n}.jpg`, await jpeg(n));
    urls.push(await bucket.presign(`${n}.jpg`));
  }
  return urls;
}

/** What a leak would show in, by name; there is no such list but on Linux. */
function resources() {
  const active = process.getActiveResourcesInfo();
  return {
    files: readdirSync('/proc/self/fd').length,
    timers: active.filter((name) => name === 'Timeout').length,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
  };
}

describe('two dev servers on one directory', () => {
  it('T51: B has what A cached within 100 ms, and not what A has cleared', async () => {
    const bucket = await startBucket();
    const urls = await pictures(bucket, 5);
    const [url = ''] = urls;
    const root = await project();
    const [a, b] = [await startDev(bucket, root), await startDev(bucket, root)];
    expect(await outcome(b.image('nothing'))).toBeNull(); // both are open
    const waits: number[] = [];
    for (const each of urls) {
      expect(await outcome(a.image(each))).toBe('MISS');
      const asked = performance.now();
      expect(await outcome(b.image(each))).toBe('HIT');
      waits.push(performance.now() - asked);
    }
    expect(Math.min(...waits)).toBeLessThan(100); // a busy machine may stall any of them
    expect(bucket.server.stats.gets).toBe(5);

    expect((await a.post('/clear-all')).status).toBe(200);
    await expect.poll(() => outcome(b.image(url)), { interval: 50 }).toBe('MISS');
    expect(bucket.server.stats.gets).toBe(6);
  });

  it('T51: no image is downloaded more than once per process, however both ask', async () => {
    const bucket = await startBucket();
    const urls = await pictures(bucket, 10);
    const root = await project();
    const servers = [await startDev(bucket, root), await startDev(bucket, root)];
    const answers = servers.flatMap(({ image }) => [...urls, ...urls, ...urls].map(image));
    for (const answer of await Promise.all(answers)) {
      expect(answer.status).toBe(200);
      await answer.arrayBuffer();
    }
    expect(bucket.server.stats.gets).toBeLessThanOrEqual(2 * urls.length);
  });

  it('T51: 50 restarts of both leave no listener, timer or file behind, and lose nothing', async () => {
    const bucket = await startBucket();
    const urls = await pictures(bucket, 51);
    const root = await project();
    const [a, b] = [await startDev(bucket, root), await startDev(bucket, root)];
    const round = async (n: number) => {
      await Promise.all([a.server.restart(), b.server.restart()]);
      const url = urls[n] ?? '';
      expect(await outcome(a.image(url)), `round ${n}`).toBe('MISS');
      expect(await outcome(b.image(url)), `round ${n}`).toBe('HIT');
    };
    for (let n = 0; n < 10; n += 1) await round(n);
    const before = resources();
    for (let n = 10; n < 50; n += 1) await round(n);
    // A cache that was replaced comes to its end in the background.
    await expect.poll(() => resources().files - before.files).toBeLessThanOrEqual(4);
    const after = resources();
    expect(after.timers - before.timers).toBeLessThanOrEqual(4);
    expect(after.listeners).toBeLessThanOrEqual(before.listeners);
    expect(bucket.server.stats.gets).toBe(50);
    for (const url of urls.slice(0, 50)) expect(await outcome(b.image(url))).toBe('HIT');
  }, 120_000);
});
