import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { jpeg } from '../helpers/images.ts';
import { startBucket } from '../helpers/stack.ts';
import { testBrowser } from './fixture/browserContext.ts';
import { putHeld } from './fixture/hold.ts';
import { installedApp } from './fixture/install.ts';
import { openPage } from './fixture/openPage.ts';
import { presignAll } from './fixture/photos.ts';
import { startApp } from './fixture/startApp.ts';

const app = installedApp();
const browser = testBrowser();

const COUNT = 1_000;
const SHOWN = { width: 240, height: 160, loading: 'lazy' } as const;

/** A page of lazy images, of which S3 keeps back the bytes. From now on its time passes only when the test says so. */
async function setUp() {
  const bucket = await startBucket();
  const keys = Array.from({ length: COUNT }, (_, n) => `${n}.jpg`);
  const letGo = putHeld(bucket, keys, await jpeg(1, SHOWN));
  const server = await startApp({ root: app.root, bucket });
  const pictures = await presignAll(bucket, keys);
  for (const each of pictures) Object.assign(each, SHOWN);
  const context = await browser.newContext();
  await context.clock.install();
  const { page } = await openPage(context, server.url, pictures);
  /** Which images S3 was asked for. */
  const fetched = () => Array.from(bucket.server.stats.byKey.keys(), numberOf).toSorted((a, b) => a - b);
  const first = await within(page, 1);
  await expect.poll(fetched).toEqual(first);
  await page.clock.pauseAt(Date.now() + 60_000);
  return { page, letGo, fetched, first };
}

const numberOf = (name: string) => Number(/\d+/.exec(name)?.[0]);

/** Scrolls by so many pixels in each of so many frames. */
function scroll(page: Page, pixels: number, frames: number): Promise<void> {
  return page.evaluate(
    async ([step, count]) => {
      for (let frame = 0; frame < count; frame++) {
        const scrolled = new Promise((resolve) => addEventListener('scroll', resolve, { once: true }));
        scrollBy(0, step);
        await scrolled;
      }
      // A new observer is called together with those that have seen the last frame, or after them.
      await new Promise((resolve) => new IntersectionObserver(resolve).observe(document.body));
    },
    [pixels, frames] as const,
  );
}

/** The images less than so many viewports away. */
function within(page: Page, viewports: number): Promise<number[]> {
  return page.evaluate((factor) => {
    const margin = factor * innerHeight;
    return Array.from(document.images, (img) => img.getBoundingClientRect()).flatMap(({ top, bottom }, n) =>
      bottom > -margin && top < innerHeight + margin ? n : [],
    );
  }, viewports);
}

const areLoaded = (page: Page, numbers: readonly number[]) =>
  page.waitForFunction((all) => all.every((n) => (document.images[n]?.naturalWidth ?? 0) > 0), numbers);

it(`of ${COUNT} images that are scrolled through fast, only those that stay on the screen are fetched`, async () => {
  const { page, letGo, fetched, first } = await setUp();
  const height = await page.evaluate(() => document.documentElement.scrollHeight - innerHeight);
  await scroll(page, height / 100, 100);
  await page.clock.runFor(100);
  const near = await within(page, 1);
  expect(near.at(-1)).toBe(COUNT - 1);
  letGo();
  await areLoaded(page, near);
  expect(fetched()).toEqual([...first, ...near]);
  // What was wanted at the top is not any more. The first three had asked by themselves, as a plain `<img>` does.
  const asking = () => page.evaluate(() => Array.from(document.images).flatMap((img, n) => (img.src ? n : [])));
  await expect.poll(asking).toEqual([0, 1, 2, ...near]);
});

it('images that are scrolled through slowly are fetched before they are seen', async () => {
  const { page, letGo } = await setUp();
  letGo();
  // 800 pixels a second, without a pause.
  for (let step = 0; step < 40; step++) {
    await scroll(page, 50, 1);
    await page.clock.runFor(60);
  }
  const seen = await within(page, 0);
  expect(seen[0]).toBeGreaterThan(5);
  await areLoaded(page, seen);
});
