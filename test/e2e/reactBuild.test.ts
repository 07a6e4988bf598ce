import react from '@vitejs/plugin-react';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type PluginOption, build, createLogger, preview } from 'vite';
import { expect, it, onTestFinished } from 'vitest';
import { imageCache } from 'vite-plugin-image-cache';
import { temporaryDirectory } from '../helpers/directory.ts';
import { startBucket } from '../helpers/stack.ts';
import { testBrowser } from './fixture/browserContext.ts';
import { installedApp } from './fixture/install.ts';
import { imagesLoaded, openPage, show, sources } from './fixture/openPage.ts';
import { presignAll, putPhotos } from './fixture/photos.ts';

const app = installedApp();
const browser = testBrowser();

/** `vite build`, which has nothing to complain of, then `vite preview` of what was built. */
async function startBuilt(plugins: PluginOption[]): Promise<string> {
  const outDir = join(await temporaryDirectory(), 'dist');
  const config = {
    root: app.root,
    configFile: false,
    logLevel: 'silent',
    build: { outDir, emptyOutDir: true },
  } as const;
  const warnings: string[] = [];
  const customLogger = { ...createLogger('silent'), warn: (message: string) => warnings.push(message) };
  await build({ ...config, customLogger, plugins: [react(), ...plugins] });
  expect(warnings).toEqual([]);
  const server = await preview({ ...config, preview: { port: 0 }, plugins });
  onTestFinished(() => server.close());
  return server.resolvedUrls?.local[0]?.replace(/\/$/, '') ?? '';
}

it('a build without the plugin shows the original URLs and asks for nothing else', async () => {
  const bucket = await startBucket();
  const pictures = await presignAll(bucket, await putPhotos(bucket, 3));
  const url = await startBuilt([]);
  const { page, requests, complaints } = await openPage(await browser.newContext(), url, pictures);
  await imagesLoaded(page, 3);
  const progress = await page.evaluate(
    async (urls) => {
      const { prefetchManager } = window.fixture.kit;
      prefetchManager.startPrefetch([{ id: '0001', images: urls }]);
      await prefetchManager.prefetchActor('0002', urls);
      return prefetchManager.getProgress();
    },
    pictures.map(({ s3_url }) => s3_url),
  );
  expect(progress).toMatchObject({ state: 'idle', total: 0 });
  expect(await sources(page)).toEqual(pictures.map(({ s3_url }) => s3_url));
  expect(requests.filter((request) => request.includes('/api/cache'))).toEqual([]);
  expect(complaints).toEqual([]);
});

it('a build in front of a server uses it when it is told where it is', async () => {
  const bucket = await startBucket();
  const pictures = await presignAll(bucket, await putPhotos(bucket, 2));
  const cacheDir = join(await temporaryDirectory(), '.image-cache');
  const url = await startBuilt([imageCache({ buckets: [bucket.option], cacheDir, logLevel: 'silent' })]);
  const { page } = await openPage(await browser.newContext(), url);
  await show(page, pictures);
  expect(await sources(page)).toEqual(pictures.map(({ s3_url }) => s3_url));
  await page.evaluate(() => window.fixture.kit.configureImageCache({ base: '/api/cache' }));
  await page.waitForFunction(() => [...document.images].every((img) => img.src.includes('/api/cache/image?url=')));
  await imagesLoaded(page, 2);
  const stats = await page.evaluate(() => window.fixture.kit.imageCache.getStats());
  expect(stats).toMatchObject({ total_entries: 2, misses: 2 });
});

it('CachedImage alone is less than 4 kB of gzip', async () => {
  const id = 'virtual:entry';
  const output = await build({
    root: app.root,
    configFile: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'fixture:entry',
        resolveId: (source) => (source === id ? id : null),
        load: (source) => (source === id ? `export { CachedImage } from 'vite-plugin-image-cache/react';` : null),
      },
    ],
    build: { write: false, rolldownOptions: { input: id, preserveEntrySignatures: 'strict', external: /^react/ } },
  });
  if (!('output' in output)) throw new Error('There is more than one build.');
  const code = output.output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.code : [])).join('');
  expect(code).toContain('image?path=');
  expect(gzipSync(code).length).toBeLessThan(4_000);
});
