import { join } from 'node:path';
import { build } from 'vite';
import { expect, it, onTestFinished, vi } from 'vitest';
import { imageCache } from 'vite-plugin-image-cache';
import { temporaryDirectory } from '../helpers/directory.ts';
import { startBucket } from '../helpers/stack.ts';
import { testBrowser } from './fixture/browserContext.ts';
import { installedApp } from './fixture/install.ts';
import { imagesLoaded, openPage, show, sources } from './fixture/openPage.ts';
import { presignAll, putPhotos } from './fixture/photos.ts';
import { startBuilt } from './fixture/startBuilt.ts';

const app = installedApp();
const browser = testBrowser();

it('a build without the plugin shows the original URLs and sends no other request', async () => {
  const bucket = await startBucket();
  const pictures = await presignAll(bucket, await putPhotos(bucket, 3));
  const url = await startBuilt(app.root, []);
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

it('a build uses a server once the app has configured it', async () => {
  const bucket = await startBucket();
  const pictures = await presignAll(bucket, await putPhotos(bucket, 2));
  const cacheDir = join(await temporaryDirectory(), '.image-cache');
  const url = await startBuilt(app.root, [imageCache({ buckets: [bucket.option], cacheDir, logLevel: 'silent' })]);
  const { page } = await openPage(await browser.newContext(), url);
  await show(page, pictures);
  expect(await sources(page)).toEqual(pictures.map(({ s3_url }) => s3_url));
  await page.evaluate(() => window.fixture.kit.configureImageCache({ base: '/api/cache' }));
  await page.waitForFunction(() => [...document.images].every((img) => img.src.includes('/api/cache/image?')));
  await imagesLoaded(page, 2);
  const stats = await page.evaluate(() => window.fixture.kit.imageCache.getStats());
  expect(stats).toMatchObject({ total_entries: 2, misses: 2 });
});

/** What a page that uses so much of the package loads ahead of its first image, and what it may load afterwards. */
async function buildWith(exported: string): Promise<{ first: string; later: string }> {
  const id = 'virtual:entry';
  // As for an app's users: under Vitest a build would be one for development.
  vi.stubEnv('NODE_ENV', 'production');
  onTestFinished(() => void vi.unstubAllEnvs());
  const output = await build({
    root: app.root,
    configFile: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'fixture:entry',
        enforce: 'pre',
        resolveId(source) {
          // Vite's own, which every app with a dynamic import has, once.
          if (source.includes('vite/preload-helper')) return { id: 'preload-helper', external: true };
          return source === id ? id : null;
        },
        load(source) {
          return source === id ? `export ${exported} from 'vite-plugin-image-cache/react';` : null;
        },
      },
    ],
    build: {
      write: false,
      rolldownOptions: { input: id, preserveEntrySignatures: 'strict', external: /^react/ },
    },
  });
  if (!('output' in output)) throw new Error('There is more than one build.');
  const chunks = output.output.filter((chunk) => chunk.type === 'chunk');
  const first = new Set(chunks.filter(({ isEntry }) => isEntry).map(({ fileName }) => fileName));
  for (const name of first) {
    for (const imported of chunks.find(({ fileName }) => fileName === name)?.imports ?? []) first.add(imported);
  }
  const codeOf = (isFirst: boolean) =>
    chunks.flatMap(({ fileName, code }) => (first.has(fileName) === isFirst ? code : [])).join('');
  return { first: codeOf(true), later: codeOf(false) };
}

it('the code that sends requests, and the code that handles errors, are loaded when they are needed', async () => {
  const { first, later } = await buildWith('{ CachedImage }');
  expect(first).toContain('image?path=');
  for (const needed of ['/lookup', '/prefetch', 'UPSTREAM_EXPIRED']) {
    expect(later).toContain(needed);
    expect(first).not.toContain(needed);
  }
});

it('a build does not contain the messages for developers', async () => {
  const { first, later } = await buildWith('*');
  expect(first + later).not.toContain('imageCacheError');
});
