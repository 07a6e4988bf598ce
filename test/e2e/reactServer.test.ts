import type { Plugin } from 'vite';
import { expect, it } from 'vitest';
import { startBucket } from '../helpers/stack.ts';
import type { Picture } from './fixture/app/App.tsx';
import { testBrowser } from './fixture/browserContext.ts';
import { installedApp } from './fixture/install.ts';
import { imagesLoaded, openPage, show } from './fixture/openPage.ts';
import { presignAll, putPhotos } from './fixture/photos.ts';
import { startApp } from './fixture/startApp.ts';

const app = installedApp();
const browser = testBrowser();

/** Renders the page in Node, as an app that renders on the server does in development. */
function serverRendering(pictures: readonly Picture[]): Plugin {
  return {
    name: 'fixture:server-rendering',
    async transformIndexHtml(html, { server }) {
      if (!server) throw new Error('There is no dev server.');
      // What the fixture's module exports.
      const { render } = (await server.ssrLoadModule('/server.tsx')) as typeof import('./fixture/app/server.tsx');
      return html.replace('<div id="root"></div>', () => `<div id="root">${render(pictures)}</div>`);
    },
  };
}

async function setUp({ viteBase = '/' } = {}) {
  const bucket = await startBucket();
  const keys = await putPhotos(bucket, 3);
  const pictures = await presignAll(bucket, keys);
  const server = await startApp({ root: app.root, bucket, viteBase, plugins: [serverRendering(pictures)] });
  return { bucket, keys, pictures, server, context: await browser.newContext() };
}

it.each(['/', '/sub/'])(
  'below %s React hydrates the HTML of the server without a warning, and each image is loaded once',
  async (viteBase) => {
    const { bucket, keys, pictures, server, context } = await setUp({ viteBase });
    const html = await (await fetch(`${server.url}/`)).text();
    const sent = [...html.matchAll(/<img [^>]*src="([^"]+)"/g)].map(([, src = '']) => src.replaceAll('&amp;', '&'));
    expect(sent).toEqual(pictures.map(({ s3_url }) => `${viteBase}api/cache/image?url=${encodeURIComponent(s3_url)}`));

    const { page, complaints } = await openPage(context, server.url, pictures);
    await imagesLoaded(page, keys.length);
    await expect.poll(() => server.calls).toContain('POST /lookup');
    await page.waitForLoadState('networkidle'); // whether more is asked for
    const images = await page.evaluate(() => [...document.images].map((img) => img.getAttribute('src')));
    expect(images).toEqual(sent);
    expect(complaints).toEqual([]);
    expect(server.calls.filter((call) => call === 'POST /lookup')).toHaveLength(1);
    expect(server.calls.filter((call) => call.startsWith('GET /image'))).toHaveLength(keys.length);
    expect(bucket.server.stats.gets).toBe(keys.length);
  },
);

it('onLoad is called once for each image, including those that loaded before hydration', async () => {
  const { pictures, server, context } = await setUp();
  await context.route('**/main.tsx', async (route) => {
    const [page] = context.pages();
    await page?.waitForFunction(() => Array.from(document.images).every((img) => img.naturalWidth > 0));
    await route.continue();
  });
  const { page } = await openPage(context, server.url, pictures);
  const loads = () => page.evaluate(() => window.fixture.loads.toSorted());
  await expect.poll(loads).toEqual(['Picture 0', 'Picture 1', 'Picture 2']);
  // And of those that React makes itself, which the browser has at once.
  await show(page, []);
  await show(page, pictures);
  await expect.poll(async () => (await loads()).length).toBe(6);
  await show(page, []);
  await show(page, pictures);
  await expect.poll(async () => (await loads()).length).toBe(9);
});

it('an image that failed before hydration is shown from S3', async () => {
  const { bucket, pictures, server, context } = await setUp();
  // React comes late: the images have failed long before.
  await context.route('**/main.tsx', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await route.continue();
  });
  await context.route('**/api/cache/image?*', (route) => route.abort());
  const { page } = await openPage(context, server.url, pictures);
  await imagesLoaded(page, pictures.length);
  const images = await page.evaluate(() => [...document.images].map((img) => img.getAttribute('src')));
  expect(images).toEqual(pictures.map(({ s3_url }) => s3_url));
  expect(await page.evaluate(() => window.fixture.errors)).toBe(0);
  expect(bucket.server.stats.gets).toBe(pictures.length);
});
