import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, createLogger, createServer, type InlineConfig, type Plugin, preview } from 'vite';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { imageCache } from '../../plugin/index.ts';
import type { ImageCacheOptions } from '../../plugin/options.ts';
import { devtoolsPlugin } from '../../plugin/vite/devtools.ts';
import { get, project } from './viteProject.ts';

interface Dock {
  id: string;
  type: string;
  icon: string;
  url?: string;
  action?: { importFrom: string };
  toggle?: boolean;
}

const plugin = (options: Partial<ImageCacheOptions> = {}) =>
  imageCache({ buckets: ['photos'], logLevel: 'info', ...options });

async function start(config: InlineConfig = {}, plugins: unknown[] = [plugin()]) {
  const root = config.root ?? (await project());
  const printed: string[] = [];
  const customLogger = createLogger('silent');
  customLogger.info = (message) => printed.push(message);
  const warned: string[] = [];
  customLogger.warn = (message) => warned.push(message);
  const server = await createServer({
    configFile: false,
    customLogger,
    root,
    plugins: plugins as Plugin[],
    ...config,
    server: { port: 0, host: '127.0.0.1', watch: null, ws: false, ...config.server },
  });
  onTestFinished(() => server.close());
  await server.listen();
  server.printUrls();
  return { server, printed, warned, root };
}

describe('I10, I11: where the inspector is', () => {
  it.each([
    ['/', '/__image-cache/'],
    ['/sub/', '/sub/__image-cache/'],
    ['./', '/__image-cache/'],
  ])('with the base %s, at %s, and its address is printed', async (base, path) => {
    const { server, printed, root } = await start({ base });
    const page = await get(server, path);
    expect([page.status, page.body]).toEqual([200, expect.stringContaining('<title>Image cache</title>')]);
    const line = printed.find((text) => text.includes('Image cache'));
    expect(line).toMatch(new RegExp(`➜  Image cache:  http://127\\.0\\.0\\.1:\\d+${path}$`));
    for (const [, asset] of page.body.matchAll(/(?:src|href)="\.\/([^"]+)"/g)) {
      expect((await get(server, path + asset)).status).toBe(200);
    }
    expect((await get(server, path.slice(0, -1))).status).toBe(302);
    await expect(access(join(root, '.image-cache'))).rejects.toThrow('ENOENT');
  });

  it('is not swallowed by a proxy of everything', async () => {
    const { server } = await start({ server: { proxy: { '/': 'http://127.0.0.1:1' } } });
    expect((await get(server, '/__image-cache/')).status).toBe(200);
  });

  it('has a path of its own for the second of two plugins', async () => {
    const { server, printed } = await start({}, [plugin(), plugin({ base: '/other', cacheDir: '.other-cache' })]);
    expect((await get(server, '/__image-cache/')).status).toBe(200);
    expect((await get(server, '/__image-cache-2/')).status).toBe(200);
    const lines = printed.filter((text) => text.includes('Image cache'));
    expect(lines.map((line) => line.replace(/.*:\d+\//, '/'))).toEqual(['/__image-cache/', '/__image-cache-2/']);
    // A page uses the API of the second one, and is told of its inspector.
    const told = JSON.parse(server.config.define?.['__IMAGE_CACHE__'] as string) as object; // it is a text of code
    expect(told).toMatchObject({ base: '/other', inspector: '/__image-cache-2' });
  });

  it('is there in a preview', async () => {
    const root = await project({ 'dist/index.html': '<p>built</p>' });
    const server = await preview({
      configFile: false,
      logLevel: 'silent',
      root,
      plugins: [plugin({ logLevel: 'silent' })],
      preview: { port: 0, host: '127.0.0.1' },
    });
    onTestFinished(() => server.close());
    expect((await get(server, '/__image-cache/')).body).toContain('<title>Image cache</title>');
    expect((await get(server, '/__image-cache/api/nothing')).status).toBe(404);
  });

  it('an image by its path may be asked for: the name of the cache directory in the URL is none of a file', async () => {
    const { server } = await start();
    const answer = await get(server, '/__image-cache/api/exists?path=.image-cache/images/a/a.jpg');
    expect(answer.body).not.toContain('not served as files');
  });
});

describe('the script of the marks', () => {
  const html = async (base: string, options: Partial<ImageCacheOptions>) =>
    (await get((await start({ base }, [plugin(options)])).server, base)).body;

  it('is in no page, unless the option says so', async () => {
    expect(await html('/', {})).not.toContain('overlay');
    expect(await html('/', { overlay: false })).not.toContain('overlay');
  });

  it.each(['/', '/sub/'])('is one external script below the base %s, and nothing inline', async (base) => {
    const page = await html(base, { overlay: true });
    const scripts = [...page.matchAll(/<script[^>]*>[^<]*/g)]
      .map(([tag]) => tag)
      .filter((tag) => tag.includes('overlay'));
    const api = encodeURIComponent(`${base}api/cache`);
    expect(scripts).toEqual([
      `<script type="module" async src="${base}__image-cache/overlay.js?base=${api}&amp;show=">`,
    ]);
  });

  it('is told of a CDN, as the page is', async () => {
    const imageBase = 'https://d1.cloudfront.net/api/cache';
    const { server } = await start({}, [plugin({ overlay: true, imageBase: `${imageBase}/` })]);
    expect((await get(server, '/')).body).toContain(`&amp;imageBase=${encodeURIComponent(imageBase)}&amp;`);
    expect(JSON.parse(server.config.define?.['__IMAGE_CACHE__'] as string)).toMatchObject({ imageBase });
  });

  it('is never in a build', async () => {
    const root = await project();
    await build({ configFile: false, logLevel: 'silent', root, plugins: [plugin({ overlay: true })] });
    expect(await readFile(join(root, 'dist', 'index.html'), 'utf8')).not.toContain('overlay');
  });
});

it('the terminal says where an image that has failed can be looked at', async () => {
  const { server, warned } = await start({ base: '/sub/' }, [plugin({ logLevel: 'warn' })]);
  const url = 's3://other/a.jpg';
  await get(server, `/sub/api/cache/image?url=${encodeURIComponent(url)}`);
  const page = `${server.resolvedUrls?.local[0]}__image-cache/#/images?image=${encodeURIComponent(url)}`;
  expect(warned).toEqual([expect.stringMatching(/^\[image-cache\] s3:\/\/other\/a\.jpg: HOST_NOT_ALLOWED /)]);
  expect(warned[0]?.split(' See ')[1]).toBe(page);
});

describe('I12: a dock in Vite DevTools', () => {
  /** The plugin's hook, as DevTools call it: the type is not Vite's. */
  async function setUp(context: unknown, base = '/sub/') {
    const { server } = await start({ base });
    const own = server.config.plugins.find(({ name }) => name === 'image-cache:devtools');
    const { devtools } = own as unknown as { devtools: { setup(context: unknown): Promise<void> } }; // see devtools.ts
    await devtools.setup(context);
    return server;
  }

  it('shows the inspector, with an icon that is not asked for on the internet', async () => {
    const register = vi.fn<(dock: Dock) => void>();
    await setUp({ docks: { register } });
    expect(register).toHaveBeenCalledWith({
      id: 'image-cache',
      title: 'Image cache',
      type: 'iframe',
      url: '/sub/__image-cache/',
      icon: expect.stringMatching(/^data:image\/svg\+xml,/),
    });
  });

  it('has a switch of the marks on the pictures, whose module is served', async () => {
    const register = vi.fn<(dock: Dock) => void>();
    const server = await setUp({ docks: { register } });
    const { action, ...dock } = register.mock.calls[1]?.[0] ?? {};
    expect(dock).toMatchObject({
      id: 'image-cache-origins',
      type: 'action',
      toggle: true,
      icon: expect.stringMatching(/^data:/),
    });
    const script = await get(server, action?.importFrom ?? '');
    expect([script.status, script.body]).toEqual([200, expect.stringContaining('as default')]);
  });

  it.each([
    ['of another shape', {}],
    ['without docks', { docks: undefined }],
    ['without a way to register', { docks: {} }],
    ['not at all', undefined],
    ['that throw', { docks: { register: () => expect.fail('no') } }],
    ['that reject', { docks: { register: () => Promise.reject(new Error('no')) } }],
  ])('is left out for DevTools %s', async (_, context) => {
    await expect(setUp(context)).resolves.toBeDefined();
  });

  it('imports nothing of DevTools', async () => {
    const source = await readFile(new URL('../../plugin/vite/devtools.ts', import.meta.url), 'utf8');
    expect(source).not.toMatch(/from '@vitejs/);
    const options = { base: '/api/cache', imageBase: undefined, overlay: false, logLevel: 'info' } as const;
    expect(devtoolsPlugin(options)).toHaveProperty('devtools.setup');
  });
});
