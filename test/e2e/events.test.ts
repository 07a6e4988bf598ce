import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import type { Plugin } from 'vite';
import { expect, it } from 'vitest';
import { imageCache } from 'vite-plugin-image-cache';
import { temporaryDirectory } from '../helpers/directory.ts';
import { startBucket } from '../helpers/stack.ts';
import { testBrowser } from './fixture/browserContext.ts';
import { installedApp } from './fixture/install.ts';
import { openPage, show } from './fixture/openPage.ts';
import { presignAll, putPhotos } from './fixture/photos.ts';
import { startApp } from './fixture/startApp.ts';
import { startBuilt } from './fixture/startBuilt.ts';

const app = installedApp();
const browser = testBrowser();

/** As long as it takes on a busy machine. */
const poll = <T>(read: () => T) => expect.poll(read, { timeout: 20_000 });

/** A production build in front of a server, with three photographs. */
async function setUp() {
  const bucket = await startBucket();
  const pictures = await presignAll(bucket, await putPhotos(bucket, 3));
  const cacheDir = join(await temporaryDirectory(), '.image-cache');
  const connections = { open: 0, total: 0 };
  const url = await startBuilt(app.root, [
    countConnections(connections),
    imageCache({ buckets: [bucket.option], cacheDir, logLevel: 'silent' }),
  ]);
  const clear = async () => expect((await fetch(`${url}/api/cache/clear-all`, { method: 'POST' })).status).toBe(200);
  return { url, pictures, connections, clear };
}

function countConnections(connections: { open: number; total: number }): Plugin {
  return {
    name: 'fixture:connections',
    configurePreviewServer({ middlewares }) {
      middlewares.use(function countConnectionsMiddleware({ url }, response, next) {
        if (url?.startsWith('/api/cache/events')) {
          connections.open += 1;
          connections.total += 1;
          response.once('close', () => (connections.open -= 1));
        }
        next();
      });
    },
  };
}

/** A tab that is told where the server is, and writes down what it hears. */
async function openTab(context: BrowserContext, url: string): Promise<Page> {
  const { page } = await openPage(context, url);
  await page.evaluate(() => {
    const { configureImageCache, imageCache: cache } = window.fixture.kit;
    window.heard = [];
    cache.subscribe(({ type }) => window.heard.push(type));
    configureImageCache({ base: '/api/cache' });
  });
  return page;
}

const heard = (page: Page, type: string) =>
  page.evaluate((wanted) => window.heard.filter((each) => each === wanted).length, type);

it('tabs share one connection, and each is told of every change', async () => {
  const { url, pictures, connections, clear } = await setUp();
  const context = await browser.newContext();
  const tabs = [await openTab(context, url), await openTab(context, url), await openTab(context, url)];
  await poll(() => connections.open).toBe(1);
  await show(tabs[1] as Page, pictures); // there are three
  for (const tab of tabs) await poll(() => heard(tab, 'stored')).toBe(3);
  await clear();
  for (const tab of tabs) await poll(() => heard(tab, 'cleared')).toBe(1);
  expect(connections).toEqual({ open: 1, total: 1 });
});

it('when the tab with the connection is closed, another tab takes over and misses no event', async () => {
  const { url, pictures, connections, clear } = await setUp();
  const context = await browser.newContext();
  const first = await openTab(context, url);
  await poll(() => connections.open).toBe(1);
  const second = await openTab(context, url);
  await show(second, pictures);
  await poll(() => heard(second, 'stored')).toBe(3);
  await Promise.all([first.close(), clear()]);
  await poll(() => heard(second, 'cleared')).toBe(1);
  await poll(() => connections).toEqual({ open: 1, total: 2 });
});

it('without Web Locks, a tab has a connection of its own while it is visible', async () => {
  const { url, connections, clear } = await setUp();
  const context = await browser.newContext();
  // As in a page from http://192.168.0.2
  await context.addInitScript(() => Reflect.deleteProperty(Navigator.prototype, 'locks'));
  const tabs = [await openTab(context, url), await openTab(context, url)];
  await poll(() => connections.open).toBe(2);
  const setVisibility = (tab: Page | undefined, state: string) =>
    tab?.evaluate((value) => {
      Object.defineProperty(document, 'visibilityState', { value, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);
  await setVisibility(tabs[0], 'hidden');
  await poll(() => connections.open).toBe(1);
  await setVisibility(tabs[0], 'visible');
  await poll(() => connections.open).toBe(2);
  await clear();
  for (const tab of tabs) await poll(() => heard(tab, 'cleared')).toBe(1);
});

it('no connection is opened before the app has configured a server, nor after it has said that there is none', async () => {
  const { url, pictures, connections } = await setUp();
  const { page, requests } = await openPage(await browser.newContext(), url, pictures);
  expect(requests.filter((request) => /listenToServer|api\/cache/.test(request))).toEqual([]);
  await page.evaluate(() => window.fixture.kit.configureImageCache({ base: '/api/cache' }));
  await poll(() => connections.open).toBe(1);
  await page.evaluate(() => window.fixture.kit.configureImageCache({ base: false }));
  await poll(() => connections.open).toBe(0);
});

it('in development, where events come over Vite’s socket, this code is not loaded', async () => {
  const bucket = await startBucket();
  const server = await startApp({ root: app.root, bucket });
  const { page, requests } = await openPage(await browser.newContext(), server.url);
  await page.evaluate(() => {
    const { configureImageCache, imageCache: cache } = window.fixture.kit;
    window.heard = [];
    cache.subscribe(({ type }) => window.heard.push(type));
    configureImageCache({ base: '/api/cache' });
  });
  await fetch(`${server.api}/clear-all`, { method: 'POST' });
  await poll(() => heard(page, 'cleared')).toBe(1);
  expect(requests.filter((request) => /listenToServer|\/events/.test(request))).toEqual([]);
  expect(server.calls.filter((call) => call.includes('/events'))).toEqual([]);
});

declare global {
  interface Window {
    heard: string[];
  }
}
