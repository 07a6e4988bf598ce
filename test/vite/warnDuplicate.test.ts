import { type InlineConfig, type PluginOption, createLogger, createServer, preview } from 'vite';
import { expect, it, onTestFinished } from 'vitest';
import { imageCache } from '../../plugin/index.ts';
import { temporaryDirectory } from '../helpers/directory.ts';
import { jpeg } from '../helpers/images.ts';
import { imageUrl, startBucket } from '../helpers/stack.ts';

/** What Vite's logger is told to warn of with the plugins, in a project of this test's own. */
async function configWith(
  plugins: PluginOption[],
): Promise<{ config: InlineConfig; warnings: string[]; printed: string[] }> {
  const [warnings, printed]: [string[], string[]] = [[], []];
  const customLogger = createLogger('silent');
  customLogger.info = (message) => printed.push(message);
  customLogger.warn = (message) => warnings.push(message);
  const root = await temporaryDirectory();
  return { config: { root, configFile: false, customLogger, plugins }, warnings, printed };
}

async function start(plugins: PluginOption[]) {
  const { config, warnings, printed } = await configWith(plugins);
  const server = await createServer({ ...config, server: { host: '127.0.0.1', port: 0 } });
  onTestFinished(() => server.close());
  await server.listen();
  return { server, warnings, printed, origin: `http://127.0.0.1:${new URL(server.resolvedUrls?.local[0] ?? '').port}` };
}

it('warns once if imageCache() is in the config twice, and uses the options of the first', async () => {
  const bucket = await startBucket();
  bucket.server.put('photos', 'a.jpg', await jpeg(1));
  const { origin, warnings } = await start([
    imageCache({ buckets: [bucket.option] }),
    imageCache({ buckets: ['other'], maxSize: '1GB' }),
  ]);
  expect(warnings).toEqual([
    '[image-cache] imageCache() is in `plugins` twice; the options of the first are used. Remove the others, or give each a `base` of its own.',
  ]);
  expect((await fetch(`${origin}/api/cache${imageUrl(await bucket.presign('a.jpg'))}`)).status).toBe(200);
});

it('counts the plugins in nested arrays, too', async () => {
  const options = { buckets: ['photos'] };
  const { warnings } = await start([imageCache(options), [imageCache(options), [imageCache(options)]]]);
  expect(warnings).toEqual([expect.stringContaining('imageCache() is in `plugins` 3 times')]);
});

it('also notices the same plugin object', async () => {
  const plugin = imageCache({ buckets: ['photos'] });
  expect((await start([plugin, plugin])).warnings).toHaveLength(1);
});

it.each([
  ['two of them', () => [0, 1].map(() => imageCache({ buckets: ['photos'] })), 1],
  ['the very same plugin twice', () => Array<PluginOption>(2).fill(imageCache({ buckets: ['photos'] })), 1],
  ['two at paths of their own', () => ['/a', '/b'].map((base) => imageCache({ buckets: ['photos'], base })), 2],
])('of %s, only those that answer print their address', async (_name, plugins, count) => {
  const { server, printed } = await start(plugins());
  server.printUrls();
  expect(printed.filter((line) => line.includes('Images'))).toHaveLength(count);
});

it.each([
  ['one', () => [imageCache({ buckets: ['photos'] })]],
  ['two at paths of their own', () => [imageCache({ buckets: ['a1'] }), imageCache({ buckets: ['b1'], base: '/b' })]],
  ['one with a silent log level', () => [0, 1].map(() => imageCache({ buckets: ['photos'], logLevel: 'silent' }))],
])('does not warn of %s', async (_name, plugins) => {
  expect((await start(plugins())).warnings).toEqual([]);
});

it('does not count a restart, which uses the same plugin again', async () => {
  const bucket = await startBucket();
  bucket.server.put('photos', 'a.jpg', await jpeg(1));
  const { server, origin, warnings } = await start([imageCache({ buckets: [bucket.option] })]);
  await server.restart();
  await server.restart();
  expect(warnings).toEqual([]);
  expect((await fetch(`${origin}/api/cache${imageUrl(await bucket.presign('a.jpg'))}`)).status).toBe(200);
});

it('warns in preview, and again after a restart of the server', async () => {
  const plugins = [imageCache({ buckets: ['photos'] }), imageCache({ buckets: ['photos'] })];
  const { config, warnings } = await configWith(plugins);
  const previewServer = await preview({ ...config, preview: { host: '127.0.0.1', port: 0 } });
  await previewServer.close();
  expect(warnings).toHaveLength(1);

  const dev = await start(plugins);
  await dev.server.restart();
  expect(dev.warnings).toHaveLength(2);
});
