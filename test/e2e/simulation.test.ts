import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import type { SimulationAnswer, SimulationRequest } from '../../plugin/inspectorProtocol.ts';
import { startBucket } from '../helpers/stack.ts';
import { testBrowser } from './fixture/browserContext.ts';
import { installedApp } from './fixture/install.ts';
import { imagesLoaded, openPage } from './fixture/openPage.ts';
import { presignAll, putPhotos } from './fixture/photos.ts';
import { startApp } from './fixture/startApp.ts';

const app = installedApp();
const browser = testBrowser();
const COUNT = 6;

async function setUp() {
  const bucket = await startBucket();
  const keys = await putPhotos(bucket, 2 * COUNT);
  // Without tries of their own, which would only take time here.
  const pictures = (await presignAll(bucket, keys)).map(({ s3_url }) => ({ s3_url, retries: 0 }));
  /** For each of two tabs, which then tell each other nothing by events. */
  const halves = [pictures.slice(0, COUNT), pictures.slice(COUNT)] as const;
  const server = await startApp({ root: app.root, bucket });
  const send = async (method: string, body?: SimulationRequest): Promise<SimulationAnswer> => {
    const json = { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) };
    return (await (await fetch(`${server.api}/simulate`, { method, ...(body && json) })).json()) as SimulationAnswer;
  };
  const context = await browser.newContext();
  return {
    bucket,
    halves,
    server,
    context,
    simulate: (body: SimulationRequest) => send('PUT', body),
    end: () => send('DELETE'),
    look: () => send('GET'),
  };
}

const shown = (page: Page): Promise<number> =>
  page.evaluate(() => [...document.images].filter((img) => img.complete && img.naturalWidth > 0).length);
const failed = (page: Page): Promise<number> => page.evaluate(() => window.fixture.errors);

/** Hides a page as another tab in front of it does; a browser without a window has no tabs that lie behind each other. */
async function hide(page: Page): Promise<void> {
  await page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
}

it('I32: when it is off, every picture that was held or has failed shows within two seconds, without a reload, also in a background tab', async () => {
  const { halves, server, context, simulate, end, look } = await setUp();
  const held = async () => (await look()).simulation?.held;
  // First none of them is cached, and then all are.
  for (const preset of ['not-found', 'loading'] as const) {
    await simulate({ preset });
    const tabs = [await openPage(context, server.url, halves[0]), await openPage(context, server.url, halves[1])];
    const pages = tabs.map(({ page }) => page);
    // Over HTTP/1, three requests for an image are held, and one prefetch of each tab.
    if (preset === 'loading') await expect.poll(held).toBe(5);
    else for (const page of pages) await expect.poll(() => failed(page)).toBe(COUNT);
    const [front, behind] = pages;
    if (front === undefined || behind === undefined) throw new Error('There are two tabs.');
    expect(await shown(front)).toBe(0);
    await hide(behind);
    if (preset === 'loading') await expect.poll(held).toBe(4); // it has given its prefetch up
    const began = performance.now();
    await end();
    await Promise.all(pages.map((page) => imagesLoaded(page, COUNT)));
    expect(performance.now() - began, preset).toBeLessThan(2000);
    for (const page of pages) await page.close();
  }
});

it('after a real outage of S3, every picture that has failed shows within ten seconds, without a reload, also in a background tab', async () => {
  const { bucket, halves, server, context } = await setUp();
  bucket.server.faults.offline = true;
  const pages = [
    (await openPage(context, server.url, halves[0])).page,
    (await openPage(context, server.url, halves[1])).page,
  ];
  for (const page of pages) await expect.poll(() => failed(page), { timeout: 30_000 }).toBe(COUNT);
  if (pages[1] !== undefined) await hide(pages[1]);
  bucket.server.faults.offline = false;
  const began = performance.now();
  await Promise.all(pages.map((page) => imagesLoaded(page, COUNT)));
  expect(performance.now() - began).toBeLessThan(10_000);
});
