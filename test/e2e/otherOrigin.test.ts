import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { startApi, startBucket, imageUrl } from '../helpers/stack.ts';
import { jpeg } from '../helpers/images.ts';
import { testBrowser } from './fixture/browserContext.ts';
import { installedApp } from './fixture/install.ts';
import { show as showPictures } from './fixture/openPage.ts';
import { presignAll } from './fixture/photos.ts';
import { startApp } from './fixture/startApp.ts';

const app = installedApp();
const browser = testBrowser();

/** A backend's own page, at another port than everything of ours. */
async function startBackend(html: string): Promise<{ origin: string; serve: (html: string) => void }> {
  let page = html;
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html', 'Set-Cookie': 'user=anna; HttpOnly' }).end(page);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  // An object and not a pipe's name, because the server listens on TCP.
  const { port } = server.address() as AddressInfo;
  return { origin: `http://localhost:${port}`, serve: (next) => (page = next) };
}

async function bucketWithPicture() {
  const bucket = await startBucket();
  bucket.server.put('photos', 'a.jpg', await jpeg(1, { width: 40, height: 30 }));
  return { bucket, url: await bucket.presign('a.jpg') };
}

/** Shows an image, and tells its width, or 0 when it could not be had. */
const show = (page: Page, src: string, crossOrigin: string | null) =>
  page.evaluate(
    ({ url, mode }) =>
      new Promise<number>((resolve) => {
        const image = new Image();
        image.crossOrigin = mode;
        image.addEventListener('load', () => resolve(image.naturalWidth));
        image.addEventListener('error', () => resolve(0));
        image.src = url;
      }),
    { url: src, mode: crossOrigin },
  );

it('B17: a page of a listed origin shows images by cookie, reads where they came from, looks images up, and receives events', async () => {
  const { bucket, url } = await bucketWithPicture();
  const backend = await startBackend('<!doctype html><title>backend</title>');
  const api = await startApi(bucket, {
    allowedOrigins: [backend.origin],
    authorize: ({ headers }) => headers.cookie === 'user=anna',
  });
  const base = api.base.replace('127.0.0.1', 'localhost');
  const page = await (await browser.newContext()).newPage();
  await page.goto(backend.origin);
  const image = base + imageUrl(url);
  expect(await show(page, image, 'use-credentials')).toBe(40);
  expect(await show(page, `${image}&v=2`, 'anonymous'), 'no cookie is sent').toBe(0);
  expect(await show(page, `${image}&v=3`, null), 'CORP keeps it from an <img> that does not say so').toBe(0);
  const heard = await page.evaluate(
    async ({ to, src, s3_url }) => {
      const timing = performance.getEntriesByName(src)[0] as PerformanceResourceTiming; // an image that was just loaded
      const answer = await fetch(`${to}/lookup`, {
        method: 'POST',
        credentials: 'include',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ urls: [s3_url] }),
      });
      const { entries } = (await answer.json()) as { entries: Record<string, { width: number } | null> };
      const again = await fetch(src, { credentials: 'include' });
      const source = new EventSource(`${to}/events`, { withCredentials: true });
      const ready = await new Promise((resolve) => {
        source.addEventListener('ready', () => resolve('ready'));
        source.addEventListener('error', () => resolve('error'));
      });
      source.close();
      return {
        tier: timing.serverTiming[0]?.name,
        width: entries[s3_url]?.width,
        cache: again.headers.get('x-cache'),
        ready,
      };
    },
    { to: base, src: image, s3_url: url },
  );
  expect(heard).toEqual({ tier: 's3', width: 40, cache: 'HIT', ready: 'ready' });
});

it("B17: in development, a backend's page that loads its modules from Vite finds the API at Vite's origin", async () => {
  const { bucket, url } = await bucketWithPicture();
  const backend = await startBackend('');
  const vite = await startApp({ root: app.root, bucket, allowedOrigins: [backend.origin] });
  backend.serve(`<!doctype html><div id="root"></div>
    <script type="module">
      import { injectIntoGlobalHook } from '${vite.url}/@react-refresh';
      injectIntoGlobalHook(window);
      window.$RefreshReg$ = () => {};
      window.$RefreshSig$ = () => (type) => type;
    </script>
    <script type="module" src="${vite.url}/@vite/client"></script>
    <script type="module" src="${vite.url}/main.tsx"></script>`);
  const page = await (await browser.newContext()).newPage();
  await page.goto(backend.origin);
  await page.waitForFunction(() => 'fixture' in window);
  const proxied = await page.evaluate((s3_url) => window.fixture.kit.getProxiedImageUrl(s3_url), url);
  expect(proxied.startsWith(`${vite.api}/image?`), proxied).toBe(true);
  expect(await show(page, proxied, 'anonymous')).toBe(40);
  const width = await page.evaluate(async (s3_url) => (await window.fixture.kit.imageCache.lookup(s3_url))?.width, url);
  expect(width).toBe(40);

  // A picture that is cached, and four that are not, of which one is fetched by the server.
  const keys = ['1.jpg', '2.jpg', '3.jpg', '4.jpg'];
  for (const key of keys) bucket.server.put('photos', key, await jpeg(2, { width: 20, height: 10 }));
  await showPictures(page, [{ s3_url: url }, ...(await presignAll(bucket, keys))]);
  const shown = await page.evaluate(() => Array.from(document.images, ({ src, crossOrigin }) => [src, crossOrigin]));
  expect(shown).toEqual(shown.map(() => [expect.stringContaining(`${vite.api}/image?`), 'anonymous']));
});
