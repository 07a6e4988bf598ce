import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'vite';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { imageCache } from 'vite-plugin-image-cache';
import { run } from '../helpers/child.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { jpeg } from '../helpers/images.ts';
import { startBucket } from '../helpers/stack.ts';

const has = (program: string) =>
  run('which', [program]).then(
    () => true,
    () => false,
  );

/** Each line as the documentation prints it, but for the port. */
async function documented() {
  const bucket = await startBucket();
  const root = await temporaryDirectory();
  await mkdir(root, { recursive: true });
  await writeFile(`${root}/index.html`, '<!doctype html>');
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    server: { port: 0 },
    plugins: [imageCache({ buckets: [bucket.option] })],
  });
  onTestFinished(() => server.close());
  await server.listen();
  const port = new URL(server.resolvedUrls?.local[0] ?? '').port;
  const shell = async (line: string) =>
    (await run('bash', ['-c', line.replaceAll('5173', port)], { cwd: root })).stdout;
  const urls: string[] = [];
  for (const n of [1, 2, 3]) {
    bucket.server.put('photos', `0001/${n}.jpg`, await jpeg(n));
    urls.push(await bucket.presign(`0001/${n}.jpg`));
  }
  const images = urls.map((s3_url, n) => ({ s3_url, filename: `${n}.jpg` }));
  await writeFile(`${root}/body.json`, JSON.stringify({ actor_id: '0001', images }));
  await shell(
    `curl -s -X POST http://localhost:5173/api/cache/prefetch -H 'Content-Type: application/json' -d @body.json`,
  );
  return { shell, url: urls[0] ?? '' };
}

describe('every curl of the documentation, as printed', async () => {
  // jq is no part of any base system; without it the line cannot be run as it is printed.
  const hasJq = await has('jq');
  beforeAll(async () => expect(await has('curl')).toBe(true));

  it('curl http://localhost:5173/api/cache/manifest', async () => {
    const { shell } = await documented();
    const manifest = JSON.parse(await shell('curl http://localhost:5173/api/cache/manifest'));
    expect(Object.keys(manifest.entries)).toHaveLength(3);
  });

  it('ls -la .image-cache/', async () => {
    const { shell } = await documented();
    expect(await shell('ls -la .image-cache/')).toMatch(/images[\s\S]*manifest\.json/);
  });

  it.skipIf(!hasJq)("cat .image-cache/manifest.json | jq '.entries | length'", async () => {
    const { shell } = await documented();
    await expect.poll(() => shell(`cat .image-cache/manifest.json | jq '.entries | length'`)).toBe('3\n');
  });

  it('curl -I of an image tells HIT or MISS', async () => {
    const { shell, url } = await documented();
    const head = await shell(`curl -s -I -G --data-urlencode 'url=${url}' http://localhost:5173/api/cache/image`);
    expect(head).toMatch(/X-Cache: HIT/i);
    expect(head).toMatch(/Cache-Status: image-cache; hit/i);
  });

  it('curl -X POST …/clear/0001 and …/invalidate', async () => {
    const { shell, url } = await documented();
    const bare = url.split('?')[0];
    const invalidated = await shell(
      `curl -s -X POST http://localhost:5173/api/cache/invalidate -H 'Content-Type: application/json' -d '{"s3_url": "${bare}"}'`,
    );
    expect(JSON.parse(invalidated)).toEqual({ invalidated: 1 });
    expect(JSON.parse(await shell('curl -X POST http://localhost:5173/api/cache/clear/0001'))).toMatchObject({
      cleared: 2,
    });
  });

  it('curl -X POST http://localhost:5173/api/cache/clear-all', async () => {
    const { shell } = await documented();
    expect(JSON.parse(await shell('curl -X POST http://localhost:5173/api/cache/clear-all'))).toMatchObject({
      cleared: 3,
      kept: 0,
    });
  });

  it('rm -rf .image-cache/', async () => {
    const { shell } = await documented();
    await shell('rm -rf .image-cache/');
    expect(JSON.parse(await shell('curl http://localhost:5173/api/cache/stats'))).toMatchObject({ total_entries: 0 });
  });
});
