import type { Page } from 'playwright-core';
import { rgbaToThumbHash } from 'thumbhash';
import { expect, it } from 'vitest';
import { imageUrl, startBucket } from '../helpers/stack.ts';
import type { Picture } from './fixture/app/App.tsx';
import { testBrowser } from './fixture/browserContext.ts';
import { colourOf, picture } from './fixture/colour.ts';
import { holdRequests, putHeld } from './fixture/hold.ts';
import { installedApp } from './fixture/install.ts';
import { imagesLoaded, openPage } from './fixture/openPage.ts';
import { startApp } from './fixture/startApp.ts';

const app = installedApp();
const browser = testBrowser();

/** Of another colour than the pictures have, so that the screen tells which of the two it is. */
const RED = rgbaToThumbHash(8, 8, Buffer.alloc(8 * 8 * 4, Buffer.from([255, 0, 0, 255])));
const BLUR = {
  placeholder: 'blur',
  thumbhash: Buffer.from(RED).toString('base64'),
  width: 240,
  height: 160,
} as const;

/** A page that shows the blur of an image that S3 keeps back, and a green image that is in the cache. */
async function setUp() {
  const bucket = await startBucket();
  const letGo = putHeld(bucket, ['blue.jpg'], await picture('blue'));
  bucket.server.put('photos', 'green.jpg', await picture('green'));
  const server = await startApp({ root: app.root, bucket });
  const blue = { s3_url: await bucket.presign('blue.jpg'), ...BLUR };
  const green = { s3_url: await bucket.presign('green.jpg'), ...BLUR };
  await fetch(server.api + imageUrl(green.s3_url));

  const context = await browser.newContext();
  await context.clock.install();
  const { page, complaints } = await openPage(context, server.url, [blue]);
  const image = page.getByRole('img');
  await expect.poll(() => colourOf(image)).toBe('red');
  return { bucket, letGo, green, context, page, complaints, image };
}

/** Shows a cached image in the place of the one before, while the time of the page stands still. */
async function showAtOnce(page: Page, shown: Picture): Promise<void> {
  await page.clock.pauseAt(Date.now() + 60_000);
  await page.evaluate(() => {
    window.placeholders = 0;
    new MutationObserver(() => {
      if (document.images[0]?.style.backgroundImage) window.placeholders += 1;
    }).observe(document.body, { attributes: true, childList: true, subtree: true });
  });
  await page.evaluate((each) => window.fixture.show([each]), shown);
}

it('an image that is not cached is shown blurred until it has loaded', async () => {
  const { bucket, letGo, page, complaints, image } = await setUp();
  await expect.poll(() => bucket.server.stats.byKey.get('photos/blue.jpg')).toBe(1);
  expect(await colourOf(image)).toBe('red');
  letGo();
  await imagesLoaded(page, 1);
  await expect.poll(() => colourOf(image)).toBe('blue');
  expect(await image.getAttribute('style')).not.toContain('background');
  expect(complaints).toEqual([]);
});

it.each(['knows', 'has to ask about'])('a cached image that the page %s is not blurred in any frame', async (how) => {
  const { letGo, green, context, page, image } = await setUp();
  letGo();
  await imagesLoaded(page, 1);
  if (how === 'knows') await page.evaluate((url) => window.fixture.kit.imageCache.lookup(url), green.s3_url);
  const letImageGo = await holdRequests(context, 'image');
  const letLookupGo = await holdRequests(context, 'lookup');
  await showAtOnce(page, green);
  await page.clock.runFor(199);
  expect(await colourOf(image)).toBe('white');
  letLookupGo();
  letImageGo();
  await imagesLoaded(page, 1);
  expect(await colourOf(image)).toBe('green');
  expect(await page.evaluate(() => window.placeholders)).toBe(0);
});

it('a cached image that loads slowly over a slow network is shown blurred meanwhile', async () => {
  const { letGo, green, context, page, image } = await setUp();
  letGo();
  await imagesLoaded(page, 1);
  const letImageGo = await holdRequests(context, 'image');
  await showAtOnce(page, green);
  await page.clock.runFor(200);
  await expect.poll(() => colourOf(image)).toBe('red');
  letImageGo();
  await imagesLoaded(page, 1);
  await expect.poll(() => colourOf(image)).toBe('green');
});

declare global {
  interface Window {
    /** How often an image was seen with one. */
    placeholders: number;
  }
}
