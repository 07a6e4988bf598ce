import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jpeg } from '../../helpers/images.ts';
import { type Bucket, openBucket } from '../../helpers/stack.ts';
import { testBrowser } from '../fixture/browserContext.ts';
import { type AppServer, serveApp } from './appServer.ts';
import { type BuiltApps, buildApps } from './builtApp.ts';
import { show } from './openPage.ts';
import { allowReading } from './openSite.ts';

const browser = testBrowser();
let bucket: Bucket;
let picture: Buffer;
let apps: BuiltApps;

beforeAll(async () => {
  bucket = await openBucket();
  await allowReading(bucket);
  picture = await jpeg(1, { width: 40 });
  bucket.server.put('photos', 'a.jpg', picture, { contentType: 'image/jpeg' });
  const { name, endpoint } = bucket.option;
  apps = await buildApps({ name, endpoint });
});
afterAll(async () => {
  await bucket?.close();
  await apps?.remove();
});

/** Opens the app, and waits until a worker answers its requests. @param worker registers it */
async function open(
  context: BrowserContext,
  { url }: AppServer,
  worker?: (page: Page) => Promise<unknown>,
): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(() => 'offline' in window);
  await worker?.(page);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.evaluate(() => window.offline.setOfflineUser('anna'));
  return page;
}

const registerOurs = (page: Page) => page.evaluate(async () => (await window.offline.registerImageWorker())?.scope);
const register = (page: Page) => page.evaluate(async () => (await navigator.serviceWorker.register('sw.js')).scope);
const keptIn = (page: Page) => page.evaluate(async () => (await window.offline.estimateOffline()).images);
const textOf = (page: Page, url: string) =>
  page.evaluate((address) => fetch(address).then((answer) => answer.text(), String), url);
const databases = (page: Page) => page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));

it.each([
  ['generateSW of vite-plugin-pwa', 'generateSW', '/app/', undefined],
  ['injectManifest of vite-plugin-pwa', 'injectManifest', '/', undefined],
  ['Serwist', 'serwist', '/', register],
] as const)(
  'I51: with %s, the app opens offline with its private pictures, under new signatures',
  async (_, name, base, worker) => {
    const server = await serveApp(apps[name], base, picture);
    const context = await browser.newContext();
    const page = await open(context, server, worker);
    const before = bucket.server.stats.byKey.get('photos/a.jpg') ?? 0;
    expect(await show(page, await bucket.presign('a.jpg'))).toEqual([40]);
    await expect.poll(() => keptIn(page)).toBe(1);
    expect(await textOf(page, 'data.json')).toBe('{"from":"server"}');

    await server.stop();
    bucket.server.faults.offline = true;
    try {
      await page.reload();
      await page.waitForFunction(() => 'offline' in window);
      expect(await show(page, await bucket.presign('a.jpg', 10))).toEqual([40]);
      expect(await textOf(page, 'data.json'), "the app's own route").toBe('{"from":"server"}');
    } finally {
      bucket.server.faults.offline = false;
    }
    expect(bucket.server.stats.byKey.get('photos/a.jpg')).toBe(before + 1);
  },
);

it("registerImageWorker() does not take the pages of the app's own worker away", async () => {
  const server = await serveApp(apps.generateSW, '/app/', picture);
  const page = await open(await browser.newContext(), server);
  const code = await page.evaluate(() =>
    window.offline.registerImageWorker().then(
      () => 'registered',
      (error: { code?: string }) => error.code,
    ),
  );
  expect(code).toBe('SCOPE_TAKEN');
});

it('I52: alone, it answers pictures, and no navigation, module, POST, range or other request', async () => {
  const server = await serveApp(apps.alone, '/app/', picture);
  const page = await open(await browser.newContext(), server, registerOurs);
  const answered: string[] = [];
  // The page itself and its module, too.
  page.on('response', (response) => {
    if (response.fromServiceWorker()) answered.push(new URL(response.url()).pathname);
  });
  await page.reload();
  await page.waitForFunction(() => 'offline' in window);
  const image = 'api/cache/image?path=0001/a_0123456789abcdef_0123456789abcdef0123456789abcdef.jpg';
  await page.evaluate(async (address) => {
    const headers = { 'Image-Cache-Offline': '1' };
    const cache = 'no-store';
    await fetch(address, { method: 'POST', cache, headers });
    await fetch(address, { cache, headers: { ...headers, Range: 'bytes=0-9' } });
    await fetch(address, { cache });
    await fetch('data.json', { headers });
  }, image);
  expect(answered).toEqual([]);
  expect(server.requests.map((request) => request.split(' ')[0])).toEqual(['POST', 'GET', 'GET']);
  expect(await show(page, image)).toEqual([40]);
  expect(answered).toEqual(['/app/api/cache/image']);
  await server.stop();
  expect(await show(page, `${image}&v=2`)).toEqual([40]);
});

it("I51: with base './', its scope and its API are where the app is", async () => {
  const server = await serveApp(apps.alone, '/app/', picture);
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(server.url);
  await page.waitForFunction(() => 'offline' in window);
  expect(await registerOurs(page)).toBe(server.url);
  const outside = await context.newPage();
  await outside.goto(new URL('/outside', server.url).href);
  expect(await outside.evaluate(() => navigator.serviceWorker.controller)).toBeNull();
});

it('I51: the tombstone removes what we have kept and itself, and nothing of others', async () => {
  const server = await serveApp(apps.alone, '/app/', picture);
  const context = await browser.newContext();
  const page = await open(context, server, registerOurs);
  await page.evaluate(async () => {
    await caches.open('theirs');
    await new Promise((resolve) => indexedDB.open('theirs').addEventListener('success', resolve));
  });
  expect(await show(page, await bucket.presign('a.jpg'))).toEqual([40]);
  await expect.poll(() => keptIn(page)).toBe(1);

  server.deploy(apps.tombstone);
  await page.reload();
  await page.waitForFunction(() => 'offline' in window);
  expect(await registerOurs(page), 'there is nothing to register any more').toBeUndefined();
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update().catch(() => {}));
  await expect.poll(() => page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length)).toBe(0);
  await expect.poll(() => databases(page)).toEqual(['theirs']);
  expect(await page.evaluate(() => caches.keys())).toEqual(['theirs']);
  await page.reload();
  expect(await page.evaluate(() => navigator.serviceWorker.controller)).toBeNull();
  expect(await show(page, await bucket.presign('a.jpg', 20)), 'as without a worker').toEqual([40]);
});

it("I51: imported by the app's worker, the tombstone leaves that one and its caches alone", async () => {
  const server = await serveApp(apps.generateSW, '/app/', picture);
  const page = await open(await browser.newContext(), server);
  expect(await show(page, await bucket.presign('a.jpg'))).toEqual([40]);
  await expect.poll(() => keptIn(page)).toBe(1);
  const before = await page.evaluate(() => caches.keys());
  server.deploy(apps.tombstone, ['image-cache-sw.js']);
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update());
  await expect.poll(() => databases(page)).not.toContain('image-cache-offline');
  expect(await page.evaluate(() => caches.keys())).toEqual(before);
  await server.stop();
  await page.reload();
  expect(await page.title()).toBe('app');
});
