import { describe, expect, it } from 'vitest';
import { jpeg } from '../helpers/images.ts';
import { startBucket } from '../helpers/stack.ts';
import { testBrowser } from './fixture/browserContext.ts';
import { installedApp } from './fixture/install.ts';
import { imagesLoaded, openPage, show, sources } from './fixture/openPage.ts';
import { presignAll, putPhotos } from './fixture/photos.ts';
import { startApp } from './fixture/startApp.ts';

const app = installedApp();
const browser = testBrowser();

async function setUp({ count = 1, viteBase = '/' } = {}) {
  const bucket = await startBucket();
  const keys = await putPhotos(bucket, count);
  const server = await startApp({ root: app.root, bucket, viteBase });
  const context = await browser.newContext();
  return { bucket, keys, server, context, gets: bucket.server.stats.byKey };
}

const lookups = (calls: readonly string[]) => calls.filter((call) => call === 'POST /lookup');
const images = (calls: readonly string[]) => calls.filter((call) => call.startsWith('GET /image'));

describe('requests', () => {
  it('a page of images in StrictMode looks all of them up in one call and downloads each once', async () => {
    const { bucket, keys, server, context, gets } = await setUp({ count: 12 });
    const { page, complaints } = await openPage(context, server.url, await presignAll(bucket, keys));
    await imagesLoaded(page, 12);
    expect(lookups(server.calls)).toHaveLength(1);
    expect(images(server.calls)).toHaveLength(12);
    expect(gets).toEqual(new Map(keys.map((key) => [`photos/${key}`, 1])));
    expect(complaints).toEqual([]);
  });

  it('a reload with new signatures sends no request to S3', async () => {
    const { bucket, keys, server, context } = await setUp({ count: 3 });
    const first = await openPage(context, server.url, await presignAll(bucket, keys));
    await imagesLoaded(first.page, 3);
    bucket.server.faults.offline = true;
    const before = bucket.server.stats.gets;
    const second = await openPage(context, server.url, await presignAll(bucket, keys, 60));
    await imagesLoaded(second.page, 3);
    expect(bucket.server.stats.gets).toBe(before);
    expect(await sources(second.page)).not.toEqual(await sources(first.page));
  });

  it('B15: an image that is mounted again is shown at once, without a request', async () => {
    const { bucket, keys, server, context } = await setUp();
    const pictures = await presignAll(bucket, keys);
    const { page } = await openPage(context, server.url, pictures);
    await imagesLoaded(page, 1);
    await page.evaluate((url) => window.fixture.kit.imageCache.lookup(url), pictures[0]?.s3_url ?? '');
    const before = await sources(page);
    const seen = server.calls.length;
    await show(page, []);
    await show(page, await presignAll(bucket, keys, 60));
    expect(await sources(page)).toEqual(before);
    expect(server.calls.slice(seen)).toEqual([]);
  });

  it('only the fitting candidate of a srcSet is downloaded', async () => {
    const { bucket, keys, server, context, gets } = await setUp({ count: 3 });
    const [small, large, fallback] = await presignAll(bucket, keys);
    const srcSet = `${small?.s3_url} 400w, ${large?.s3_url} 800w`;
    const { page } = await openPage(context, server.url, [{ s3_url: fallback?.s3_url ?? '', srcSet }]);
    await imagesLoaded(page, 1);
    expect(await page.evaluate(() => document.images[0]?.currentSrc)).toContain(`${server.api}/image?url=`);
    expect([...gets]).toEqual([[`photos/${keys[1]}`, 1]]);
  });

  it("the API is found below Vite's `base`", async () => {
    const { bucket, keys, server, context, gets } = await setUp({ viteBase: '/sub/' });
    const { page, complaints } = await openPage(context, server.url, await presignAll(bucket, keys));
    await imagesLoaded(page, 1);
    expect(server.url).toMatch(/\/sub$/);
    expect(await sources(page)).toEqual([expect.stringMatching(/^\/sub\/api\/cache\/image\?url=/)]);
    expect([...gets.values()]).toEqual([1]);
    expect(complaints).toEqual([]);
  });
});

describe('on the screen', () => {
  it('a cached image that the page knows is complete in the first frame in which it is painted', async () => {
    const { bucket, keys, server, context } = await setUp({ count: 4 });
    const pictures = await presignAll(bucket, keys);
    const { page } = await openPage(context, server.url);
    const urls = pictures.map(({ s3_url }) => s3_url);
    await page.evaluate((all) => window.fixture.kit.preloadImages(all), urls);
    await page.evaluate((all) => window.fixture.kit.preloadImages(all), urls);
    const frame = await page.evaluate(async (shown) => {
      window.fixture.show(shown);
      // The callback runs before the frame that first has the images is painted.
      await new Promise(requestAnimationFrame);
      return [...document.images].map(({ complete, naturalWidth, width }) => ({ complete, naturalWidth, width }));
    }, pictures);
    expect(frame).toEqual(keys.map((_, n) => ({ complete: true, naturalWidth: 240 + n, width: 240 + n })));
  });

  it('an image for which the page states a size causes no layout shift when it loads, cached or not', async () => {
    const { bucket, keys, server, context } = await setUp({ count: 3 });
    const pictures = await presignAll(bucket, keys);
    const { page } = await openPage(context, server.url);
    await page.evaluate(() => {
      window.shift = 0;
      new PerformanceObserver((list) => {
        // Layout Instability API, which TypeScript's DOM does not have.
        for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[]) window.shift += entry.value;
      }).observe({ type: 'layout-shift' });
    });
    const measure = async () => {
      await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 50))));
      return page.evaluate(() => window.shift);
    };
    // The images come late, so that a frame without them is painted.
    await page.route('**/api/cache/image?*', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      await route.continue();
    });
    const sized = pictures.map(({ s3_url }) => ({ s3_url, width: 240, height: 160 }));
    await show(page, sized);
    await show(page, []);
    await show(page, sized);
    expect(await measure()).toBe(0);

    // The same without a size, to see that a shift would have been seen.
    bucket.server.put('photos', 'unknown.jpg', await jpeg(9));
    await show(page, await presignAll(bucket, ['unknown.jpg', ...keys]));
    expect(await measure()).toBeGreaterThan(0);
  });

  it('a new signature of the same object changes no attribute and sends no request', async () => {
    const { bucket, keys, server, context } = await setUp({ count: 2 });
    const { page, requests } = await openPage(context, server.url, await presignAll(bucket, keys));
    await imagesLoaded(page, 2);
    // What the page learns of the images it has just read through comes a moment later.
    await page.evaluate(
      (urls) => Promise.all(urls.map((url) => window.fixture.kit.imageCache.lookup(url))),
      (await presignAll(bucket, keys)).map(({ s3_url }) => s3_url),
    );
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
    const seen = { requests: requests.length, calls: server.calls.length };
    await page.evaluate(() => {
      window.mutations = 0;
      new MutationObserver((records) => (window.mutations += records.length)).observe(document.body, {
        attributes: true,
        childList: true,
        subtree: true,
      });
    });
    for (const secondsAgo of [60, 120, 180]) {
      await page.evaluate((shown) => window.fixture.show(shown), await presignAll(bucket, keys, secondsAgo));
    }
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 50))));
    expect(await page.evaluate(() => window.mutations)).toBe(0);
    expect(requests.slice(seen.requests)).toEqual([]);
    expect(server.calls.slice(seen.calls)).toEqual([]);
  });

  it('a cached image does not taint a canvas', async () => {
    const { bucket, keys, server, context } = await setUp();
    const { page } = await openPage(context, server.url, await presignAll(bucket, keys));
    await imagesLoaded(page, 1);
    const data = await page.evaluate(() => {
      const canvas = document.createElement('canvas');
      const [img] = document.images;
      if (img) canvas.getContext('2d')?.drawImage(img, 0, 0);
      return canvas.toDataURL();
    });
    expect(data).toMatch(/^data:image\/png;base64,.{1000}/);
  });
});

declare global {
  interface Window {
    shift: number;
    mutations: number;
  }
}
