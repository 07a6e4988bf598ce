import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type InlineConfig, createServer, preview } from 'vite';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { imageCache } from '../../plugin/index.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { jpeg } from '../helpers/images.ts';
import { imageUrl, startBucket } from '../helpers/stack.ts';

const APP = 'capacitor://localhost';

/** A real dev or preview server whose API other origins may use. */
async function start(kind: 'dev' | 'preview', config: InlineConfig = {}) {
  const bucket = await startBucket();
  bucket.server.put('photos', 'a.jpg', await jpeg(1));
  const root = await temporaryDirectory();
  await writeFile(join(root, 'index.html'), '<script type="module" src="/main.js"></script>');
  await writeFile(join(root, 'main.js'), 'globalThis.told = __IMAGE_CACHE__;');
  await mkdir(join(root, 'dist'));
  await writeFile(join(root, 'dist', 'index.html'), '');
  const warnings: string[] = [];
  const logger = { info: () => {}, warnOnce: () => {}, error: () => {}, clearScreen: () => {} };
  const options: InlineConfig = {
    root,
    configFile: false,
    customLogger: {
      ...logger,
      warn: (message) => void warnings.push(message),
      hasErrorLogged: () => false,
      hasWarned: false,
    },
    plugins: [imageCache({ buckets: [bucket.option], allowedOrigins: [APP, 'https://admin.example.com'] })],
    ...config,
    server: { host: '127.0.0.1', port: 0, ...config.server },
    preview: { host: '127.0.0.1', port: 0 },
  };
  const server = kind === 'dev' ? await (await createServer(options)).listen() : await preview(options);
  onTestFinished(() => server.close());
  const origin = `http://127.0.0.1:${new URL(server.resolvedUrls?.local[0] ?? '').port}`;
  return { origin, url: await bucket.presign('a.jpg'), warnings, config: server.config };
}

const preflight = { 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type' };

describe.each(['dev', 'preview'] as const)('B17: pages of other origins in %s', (kind) => {
  it.each([APP, 'https://admin.example.com'])('%s may send JSON, and read answers', async (page) => {
    const { origin, url } = await start(kind);
    const cross = { Origin: page, 'Sec-Fetch-Site': 'cross-site' };
    const allowed = await fetch(`${origin}/api/cache/lookup`, {
      method: 'OPTIONS',
      headers: { ...cross, ...preflight },
    });
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([204, page]);
    expect(allowed.headers.get('access-control-allow-headers')).toContain('Content-Type');
    expect(allowed.headers.get('access-control-allow-methods')).toContain('POST');
    const asked = await fetch(`${origin}/api/cache/lookup`, {
      method: 'POST',
      headers: { ...cross, 'Content-Type': 'application/json' },
      body: JSON.stringify({ urls: [url] }),
    });
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([200, page]);
    const image = await fetch(`${origin}/api/cache${imageUrl(url)}`, { headers: cross });
    await image.arrayBuffer();
    expect(Object.fromEntries(image.headers)).toMatchObject({
      'access-control-allow-origin': page,
      'timing-allow-origin': page,
      'cross-origin-resource-policy': 'cross-origin',
      vary: expect.stringContaining('Origin'),
    });
  });

  it('leaves preflights of other origins, and for other paths, to Vite', async () => {
    const { origin } = await start(kind);
    const ask = async (path: string, page: string) => {
      const answer = await fetch(origin + path, { method: 'OPTIONS', headers: { Origin: page, ...preflight } });
      return answer.headers.get('access-control-allow-origin');
    };
    expect(await ask('/api/cache/lookup', 'https://evil.example')).toBeNull();
    expect(await ask('/api/cache/lookup', 'null')).toBeNull();
    expect(await ask('/main.js', APP)).toBeNull();
  });

  it('warns in the terminal about a refused origin, but only if it is on this machine', async () => {
    const { origin, warnings } = await start(kind);
    for (const page of [
      'http://localhost:3000',
      'http://localhost:3000',
      'https://evil.example',
      'null',
      'http://[::1',
    ]) {
      const refused = await fetch(`${origin}/api/cache/lookup`, { method: 'POST', headers: { Origin: page } });
      expect(refused.status).toBe(403);
    }
    await vi.waitFor(() => expect(warnings).toHaveLength(1));
    expect(warnings[0]).toContain("add its origin: allowedOrigins: ['http://localhost:3000']");
  });
});

it.each([
  [undefined, { base: '/api/cache' }],
  ['http://localhost:5173', { base: '/api/cache', origin: 'http://localhost:5173' }],
  ['https://vite.example.test/assets/', { base: '/api/cache', origin: 'https://vite.example.test' }],
  ['http://__laravel_vite_placeholder__.test', { base: '/api/cache' }],
  ['/assets', { base: '/api/cache' }],
])('B17: with `server.origin` %s the client gets %o', async (told, expected) => {
  const { config } = await start('dev', told === undefined ? {} : { server: { origin: told } });
  expect(JSON.parse(config.define?.['__IMAGE_CACHE__'] as string)).toEqual({
    inspector: '/__image-cache',
    bucket: 'photos',
    ...expected,
  }); // it is a text of code
});

it.each<[(string | { name: string; prefix: string })[], string | undefined]>([
  [['team-photos'], 'team-photos'],
  [
    [
      { name: 'team-photos', prefix: 'a/' },
      { name: 'team-photos', prefix: 'b/' },
    ],
    'team-photos',
  ],
  [['team-photos', 'archive'], undefined],
])('E8: with the buckets %j the client gets %s for its hints', async (buckets, expected) => {
  const { config } = await start('dev', { plugins: [imageCache({ buckets })] });
  const told = JSON.parse(config.define?.['__IMAGE_CACHE__'] as string) as { bucket?: string }; // it is a text of code
  expect(told.bucket).toBe(expected);
});
