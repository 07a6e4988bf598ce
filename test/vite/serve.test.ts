import { once } from 'node:events';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { type IncomingMessage, createServer as createHttpServer, get } from 'node:http';
import { connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type InlineConfig, type ViteDevServer, build, createServer, preview } from 'vite';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { imageCache } from '../../plugin/index.ts';
import type { Manifest } from '../../plugin/protocol.ts';
import { certificate } from '../http/expressAppCertificate.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { jpeg } from '../helpers/images.ts';
import { type Bucket, imageUrl, startBucket } from '../helpers/stack.ts';

async function project(): Promise<string> {
  const root = await temporaryDirectory();
  await writeFile(join(root, 'index.html'), '<!doctype html><script type="module" src="/main.js"></script>');
  await writeFile(join(root, 'main.js'), 'document.title = String(typeof __IMAGE_CACHE__);');
  return root;
}

async function startVite(
  bucket: Bucket,
  config: InlineConfig = {},
): Promise<{ server: ViteDevServer; origin: string; root: string }> {
  const root = await project();
  const server = await createServer({
    root,
    configFile: false,
    logLevel: 'silent',
    plugins: [imageCache({ buckets: [bucket.option] })],
    ...config,
    server: { host: '127.0.0.1', port: 0, ...config.server },
  });
  onTestFinished(() => server.close());
  await server.listen();
  return { server, origin: `http://127.0.0.1:${new URL(server.resolvedUrls?.local[0] ?? '').port}`, root };
}

async function bucketWithPicture() {
  const bucket = await startBucket();
  const picture = await jpeg(1);
  bucket.server.put('photos', 'a.jpg', picture);
  return { bucket, picture, url: await bucket.presign('a.jpg') };
}

describe('imageCache() in Vite', () => {
  it('touches nothing before the first request', async () => {
    const bucket = await startBucket();
    const { origin, root } = await startVite(bucket);
    expect(await readdir(root)).not.toContain('.image-cache');
    await fetch(`${origin}/api/cache/manifest`);
    expect(await readdir(root)).toContain('.image-cache');
  });

  it('does not start with a `cacheDir` that is used by the app', async () => {
    const root = await project();
    await mkdir(join(root, 'src'));
    await writeFile(join(root, 'src', 'main.ts'), '');
    const plugins = [imageCache({ buckets: ['photos'], cacheDir: 'src' })];
    await expect(createServer({ root, configFile: false, logLevel: 'silent', plugins })).rejects.toMatchObject({
      code: 'CACHE_DIR_UNSAFE',
    });
    expect(await readdir(join(root, 'src'))).toEqual(['main.ts']);
  });

  it('does not serve its files for any URL that leads out of the API', async () => {
    const { bucket, url } = await bucketWithPicture();
    const { origin } = await startVite(bucket, { server: { fs: { strict: false } } });
    await (await fetch(`${origin}/api/cache${imageUrl(url)}`)).arrayBuffer();
    for (const path of [
      '../../.image-cache/manifest.json',
      '..%2f..%2f.image-cache/manifest.json',
      'x?/../../../../.image-cache/manifest.json',
    ]) {
      const request = get(`${origin}/`, { path: `/api/cache/${path}` }); // `fetch` would normalize it
      const [answer] = (await once(request, 'response')) as [IncomingMessage]; // as documented
      expect((await answer.toArray()).join(''), path).not.toContain('"entries"');
      expect(answer.statusCode, path).toBe(404);
    }
  });

  it('serves the API in dev, below the base when there is one', async () => {
    const { bucket, picture, url } = await bucketWithPicture();
    const { origin } = await startVite(bucket, { base: '/sub/' });
    const answer = await fetch(`${origin}/sub/api/cache${imageUrl(url)}`);
    expect(answer.headers.get('x-cache')).toBe('MISS');
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(picture);
    expect((await fetch(`${origin}/sub/api/cache/nothing`)).status).toBe(404);
  });

  it('tells the browser where the API is', async () => {
    const { origin } = await startVite(await startBucket());
    const env = await (await fetch(`${origin}/@vite/env`)).text().catch(() => '');
    const client = await (await fetch(`${origin}/@vite/client`)).text();
    expect(env + client + (await (await fetch(`${origin}/main.js`)).text())).toContain('/api/cache');
  });

  it('answers over HTTP/2 with https, and the server does not crash', async () => {
    const { bucket, picture, url } = await bucketWithPicture();
    const { origin } = await startVite(bucket, { server: { https: certificate } });
    const session = connect(origin.replace('http:', 'https:'), { rejectUnauthorized: false });
    onTestFinished(() => session.close());
    const request = (headers: Record<string, string>, body?: string) =>
      new Promise<{ status: number; body: Buffer }>((resolve, reject) => {
        const stream = session.request(headers, { endStream: body === undefined });
        let status = 0;
        const chunks: Buffer[] = [];
        stream.on('response', (head) => (status = Number(head[':status'])));
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => resolve({ status, body: Buffer.concat(chunks) }));
        stream.on('error', reject);
        if (body !== undefined) stream.end(body);
      });
    const image = await request({ ':path': `/api/cache${imageUrl(url)}` });
    expect(image).toEqual({ status: 200, body: picture });
    const prefetch = await request(
      { ':path': '/api/cache/prefetch', ':method': 'POST', 'content-type': 'application/json' },
      JSON.stringify({ actor_id: '1', images: [{ s3_url: url, filename: 'a' }] }),
    );
    expect(JSON.parse(prefetch.body.toString())).toMatchObject({ cached: 1 });
    expect((await request({ ':path': '/api/cache/clear-all', ':method': 'POST' })).status).toBe(200);
    const evil = await request({ ':path': '/api/cache/clear-all', ':method': 'POST', origin: 'https://evil.example' });
    expect(evil.status).toBe(403);
  });

  it('works in middleware mode, and closes with the server', async () => {
    const { bucket, picture, url } = await bucketWithPicture();
    const root = await project();
    const vite = await createServer({
      root,
      configFile: false,
      logLevel: 'silent',
      server: { middlewareMode: true, ws: false },
      plugins: [imageCache({ buckets: [bucket.option] })],
    });
    const http = createHttpServer(vite.middlewares).listen(0, '127.0.0.1');
    onTestFinished(() => void http.close());
    await new Promise((resolve) => http.once('listening', resolve));
    const { port } = http.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/api/cache${imageUrl(url)}`);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(picture);
    await vite.close();
    const journal = await readdir(join(root, '.image-cache', 'journal'));
    expect(journal.filter((name) => name.endsWith('.snap'))).toHaveLength(1);
  });

  it('serves the API in preview, and ends with the manifest written', async () => {
    const { bucket, picture, url } = await bucketWithPicture();
    const root = await project();
    const config: InlineConfig = {
      root,
      configFile: false,
      logLevel: 'silent',
      plugins: [imageCache({ buckets: [bucket.option] })],
    };
    await build(config);
    const server = await preview({ ...config, preview: { host: '127.0.0.1', port: 0 } });
    const { port } = server.httpServer.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/api/cache${imageUrl(url)}`);
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(picture);
    await server.close();
    const { entries } = JSON.parse(await readFile(join(root, '.image-cache', 'manifest.json'), 'utf8')) as Manifest;
    expect(Object.keys(entries)).toHaveLength(1);
  });

  it('does nothing in a production build', async () => {
    const root = await project();
    await build({ root, configFile: false, logLevel: 'silent', plugins: [imageCache({ buckets: ['photos'] })] });
    const files = await readdir(join(root, 'dist', 'assets'));
    expect(files).toHaveLength(1);
    expect(await readdir(root)).not.toContain('.image-cache');
  });

  it('sends events of the cache over Vite’s socket, without signatures', async () => {
    const { bucket, url } = await bucketWithPicture();
    const { server, origin } = await startVite(bucket);
    const sent: unknown[] = [];
    const send = server.ws.send.bind(server.ws);
    server.ws.send = (payload: never) => {
      sent.push(payload);
      send(payload);
    };
    await (await fetch(`${origin}/api/cache${imageUrl(url)}`)).arrayBuffer();
    await fetch(`${origin}/api/cache/clear-all`, { method: 'POST' });
    expect(sent).toMatchObject([
      { event: 'image-cache:event', data: { type: 'stored', entry: { filename: 'a.jpg' } } },
      { event: 'image-cache:event', data: { type: 'cleared', s3_urls: [`${bucket.option.endpoint}/photos/a.jpg`] } },
    ]);
    expect(JSON.stringify(sent)).not.toContain('X-Amz');
  });

  it('5: says in the terminal, once, that pages leave out `widths` for want of sharp', async () => {
    const { bucket } = await bucketWithPicture();
    const { server, origin } = await startVite(bucket);
    const warn = vi.spyOn(server.config.logger, 'warn').mockImplementation(() => {});
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/?token=${server.config.webSocketToken}`, 'vite-hmr');
    onTestFinished(() => socket.close());
    await once(socket, 'open');
    for (let n = 0; n < 2; n += 1) {
      socket.send(JSON.stringify({ type: 'custom', event: 'image-cache:sharp-missing' }));
    }
    await vi.waitFor(() => expect(warn).toHaveBeenCalled());
    expect(warn.mock.calls[0]?.[0]).toContain('Run `npm install sharp`');
    expect(warn).toHaveBeenCalledOnce();
  });

  it('keeps cached images over a restart of the server', async () => {
    const { bucket, url } = await bucketWithPicture();
    const { server, origin } = await startVite(bucket);
    await (await fetch(`${origin}/api/cache${imageUrl(url)}`)).arrayBuffer();
    await server.restart();
    const answer = await fetch(`${origin}/api/cache${imageUrl(url)}`);
    expect(answer.headers.get('x-cache')).toBe('HIT');
    expect(bucket.server.stats.gets).toBe(1);
    bucket.server.put('photos', 'b.jpg', await jpeg(2));
    const next = await fetch(`${origin}/api/cache${imageUrl(await bucket.presign('b.jpg'))}`);
    expect(next.headers.get('x-cache')).toBe('MISS');
  });
});

describe('options', () => {
  it.each([
    [{}, 'option `buckets` must be an array of bucket names', 'got nothing'],
    [{ buckets: [] }, 'at least one bucket', 'an array of 0'],
    [{ buckets: ['https://x'] }, 'option `buckets.0` must be', "'https://x'"],
    [{ buckets: [{ name: 'ok', endpoint: 'nope' }] }, 'option `buckets.0.endpoint` must be an http(s) URL', "'nope'"],
    [{ buckets: ['ok1'], maxSize: -1 }, 'option `maxSize` must be a positive number of bytes', '-1'],
    [{ buckets: ['ok1'], maxSize: '12 apples' }, 'option `maxSize`', "'12 apples'"],
    [{ buckets: ['ok1'], bodyLimit: Number.NaN }, 'option `bodyLimit`', 'NaN'],
    [{ buckets: ['ok1'], concurrency: 0 }, "option `concurrency` must be a whole number from 1 to 256, or 'auto'", '0'],
    [
      { buckets: ['ok1'], memory: true },
      "option `memory` must be false, or { maxSize: '256MB', preload: true }",
      'true',
    ],
    [{ buckets: ['ok1'], memory: { preload: 'yes' } }, 'option `memory.preload` must be true or false', "'yes'"],
    [{ buckets: ['ok1'], revalidate: 0 }, 'option `revalidate` must be false, a positive number of seconds', '0'],
    [{ buckets: ['ok1'], revalidate: true }, 'option `revalidate`', 'true'],
    [{ buckets: ['ok1'], memory: { maxSize: 'x' } }, 'option `memory.maxSize`', "'x'"],
    [{ buckets: ['ok1'], base: 'api' }, "option `base` must be a path such as '/api/cache'", "'api'"],
    [{ buckets: ['ok1'], timeouts: { idle: 0 } }, 'option `timeouts.idle` must be a whole number of milliseconds', '0'],
    [{ buckets: ['ok1'], cachedir: 'x' }, 'there is no option `cachedir`', ''],
    [{ buckets: [{ name: 'ok1', regoin: 'x' }] }, 'there is no option `buckets.0.regoin`', ''],
  ])('%j is refused by name', (options, ...parts) => {
    for (const part of parts) expect(() => imageCache(options as never)).toThrow(part);
  });

  it('accepts the short and the long form', () => {
    expect(imageCache({ buckets: ['team-photos'] }).map(({ name }) => name)).toEqual([
      'image-cache:deny-cache-dir',
      'image-cache:serve',
      'image-cache:start',
      'image-cache:devtools',
      'image-cache:duplicate',
    ]);
    expect(() =>
      imageCache({ buckets: [{ name: 'b1x', endpoint: 'https://s3.example.com' }], maxSize: '2 GiB', memory: false }),
    ).not.toThrow();
  });
});

it('imports neither the AWS SDK nor sharp before they are needed', async () => {
  const { execFile } = await import('node:child_process');
  const { promisify } = await import('node:util');
  const dir = await temporaryDirectory();
  await mkdir(dir, { recursive: true });
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) { if (/@aws-sdk|[/]sharp[/]/.test(url)) console.log('LOADED ' + url); return next(url, context); } });
    const { imageCache } = await import(${JSON.stringify(new URL('../../plugin/index.ts', import.meta.url).href)});
    imageCache({ buckets: ['photos'] });
    console.log('done');`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { cwd: dir });
  expect(stdout).toBe('done\n');
});
