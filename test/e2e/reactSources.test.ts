import { describe, expect, it } from 'vitest';
import type { Manifest, ManifestEntry } from '../../plugin/protocol.ts';
import { jpeg } from '../helpers/images.ts';
import { startBucket } from '../helpers/stack.ts';
import { testBrowser } from './fixture/browserContext.ts';
import { installedApp } from './fixture/install.ts';
import { imagesLoaded, openPage, show, sources } from './fixture/openPage.ts';
import { presignAll, putPhotos } from './fixture/photos.ts';
import { startApp } from './fixture/startApp.ts';

const app = installedApp();
const browser = testBrowser();

async function setUp() {
  const bucket = await startBucket();
  const [key = ''] = await putPhotos(bucket, 1);
  const server = await startApp({ root: app.root, bucket });
  const context = await browser.newContext();
  const gets = () => bucket.server.stats.byKey.get(`photos/${key}`);
  return { bucket, key, server, context, gets };
}

describe('an image that is mounted follows the cache', () => {
  interface Outside {
    name: string;
    path: (entry: ManifestEntry) => string;
    body?: (entry: ManifestEntry) => unknown;
  }

  it.each<Outside>([
    { name: '/invalidate', path: () => '/invalidate', body: ({ s3_url }) => ({ s3_url }) },
    { name: '/clear/:actorId', path: ({ actor_id }) => `/clear/${actor_id}` },
    { name: '/clear-all', path: () => '/clear-all' },
  ])('after a POST $name from outside it is fetched anew, once', async ({ path, body }) => {
    const { bucket, key, server, context, gets } = await setUp();
    const pictures = await presignAll(bucket, [key]);
    const { page } = await openPage(context, server.url, pictures);
    await imagesLoaded(page, 1);
    expect(await page.evaluate(() => document.images[0]?.naturalWidth)).toBe(240);

    const manifest = (await (await fetch(`${server.api}/manifest`)).json()) as Manifest;
    const [entry] = Object.values(manifest.entries);
    if (!entry) throw new Error('Nothing was cached.');
    bucket.server.put('photos', key, await jpeg(7, { width: 100, height: 50 }));
    const answer = await fetch(server.api + path(entry), {
      method: 'POST',
      ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body(entry)) }),
    });
    expect(answer.status).toBe(200);
    await page.waitForFunction(() => document.images[0]?.naturalWidth === 100);
    expect(gets()).toBe(2);
    // The size attributes are those of the new picture.
    await page.waitForFunction(() => document.images[0]?.height === 50);
    expect(await page.evaluate(() => window.fixture.errors)).toBe(0);
  });

  it('in every tab, and the old picture stays until the new one has loaded', async () => {
    const { bucket, key, server, context, gets } = await setUp();
    const pictures = await presignAll(bucket, [key]);
    const tabs = [await openPage(context, server.url, pictures), await openPage(context, server.url, pictures)];
    for (const { page } of tabs) await imagesLoaded(page, 1);
    bucket.server.put('photos', key, await jpeg(7, { width: 100, height: 50 }));
    bucket.server.faults.latencyMs = 500;
    for (const { page } of tabs) {
      await page.evaluate(() => {
        const widths = new Set<number>();
        const look = (): void => {
          widths.add(document.images[0]?.width ?? 0);
          document.body.dataset['widths'] = [...widths].join();
          requestAnimationFrame(look);
        };
        look();
      });
    }
    await tabs[0]?.page.evaluate((url) => window.fixture.kit.imageCache.invalidate(url), pictures[0]?.s3_url ?? '');
    for (const { page } of tabs) {
      await page.waitForFunction(() => document.images[0]?.width === 100);
      expect(await page.evaluate(() => document.body.dataset['widths'])).toBe('240,100');
    }
    expect(gets()).toBe(2);
  });
});

describe('when the cache cannot help', () => {
  it('an image that the cache refuses is loaded from S3', async () => {
    const { bucket, server, context } = await setUp();
    const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="120"><rect width="99" height="99"/></svg>`;
    bucket.server.put('photos', 'a.svg', Buffer.from(drawing), { contentType: 'image/svg+xml' });
    const pictures = await presignAll(bucket, ['a.svg']);
    const { page } = await openPage(context, server.url, pictures);
    await imagesLoaded(page, 1);
    expect(await sources(page)).toEqual([pictures[0]?.s3_url]);
    await expect
      .poll(() => page.evaluate(() => window.fixture.statuses))
      .toEqual([{ from: 'origin', ms: expect.any(Number) }]);
    expect(await page.evaluate(() => window.fixture.errors)).toBe(0);
  });

  it('onError is called once, when both the cache and S3 have failed', async () => {
    const { bucket, key, server, context } = await setUp();
    bucket.server.faults.forbidden = 1;
    const { page, requests } = await openPage(context, server.url, await presignAll(bucket, [key]));
    await page.waitForFunction(() => window.fixture.errors > 0);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 100))));
    expect(await page.evaluate(() => window.fixture.errors)).toBe(1);
    const asked = requests.filter((url) => url.includes(encodeURIComponent(key)) || url.includes(key));
    expect(asked[0]).toContain('/api/cache/image?url=');
    expect(asked.filter((url) => url.startsWith(bucket.server.endpoint))).toHaveLength(1);
    // The rest ask the server for the reason: when the cache has failed (in dev), and when all has.
    expect(asked.length).toBeLessThanOrEqual(4);
  });

  it('a new signature brings back an image that had failed', async () => {
    const { bucket, key, server, context } = await setUp();
    bucket.server.faults.expired = 1;
    const { page } = await openPage(context, server.url, await presignAll(bucket, [key]));
    await page.waitForFunction(() => window.fixture.errors > 0);
    bucket.server.faults.expired = 0;
    await show(page, await presignAll(bucket, [key], 60));
    expect(await sources(page)).toEqual([expect.stringContaining('/api/cache/image?url=')]);
  });

  it('images are shown from S3 when the server is gone', async () => {
    const { bucket, key, server, context } = await setUp();
    const { page } = await openPage(context, server.url);
    await server.close();
    const pictures = await presignAll(bucket, [key]);
    await show(page, pictures);
    expect(await sources(page)).toEqual([pictures[0]?.s3_url]);
  });
});

it('onCacheStatus says whether an image came from S3, memory, disk or the browser, with milliseconds', async () => {
  const { bucket, key, server, context } = await setUp();
  const latencyMs = 1_000; // more than a busy browser takes for what does not come from S3
  bucket.server.faults.latencyMs = latencyMs;
  const pictures = await presignAll(bucket, [key]);
  const first = await openPage(context, server.url, pictures);
  const statuses = async ({ page }: typeof first, count: number) => {
    await page.waitForFunction((expected) => window.fixture.statuses.length >= expected, count);
    return page.evaluate(() => window.fixture.statuses);
  };
  const [s3] = await statuses(first, 1);
  expect(s3).toEqual({ from: 's3', ms: expect.any(Number) });
  expect(s3?.ms).toBeGreaterThanOrEqual(latencyMs);

  await first.page.evaluate((url) => window.fixture.kit.imageCache.lookup(url), pictures[0]?.s3_url ?? '');
  await show(first.page, []);
  await show(first.page, pictures);
  const [, again] = await statuses(first, 2);
  expect(again).toEqual({ from: 'browser', ms: expect.any(Number) });

  // Another tab asks by the immutable URL; the next one is answered by the browser's cache, with the Server-Timing that was kept there.
  const openTab = async () => {
    const tab = await openPage(context, server.url);
    await tab.page.evaluate((url) => window.fixture.kit.imageCache.lookup(url), pictures[0]?.s3_url ?? '');
    await show(tab.page, pictures);
    return statuses(tab, 1);
  };
  const [memory] = await openTab();
  expect(memory).toEqual({ from: 'memory', ms: expect.any(Number) });
  const [kept] = await openTab();
  expect(kept).toEqual({ from: 'browser', ms: expect.any(Number) });

  await server.close();
  const restarted = await startApp({ root: app.root, bucket, cacheDir: server.cacheDir });
  const second = await openPage(await browser.newContext(), restarted.url, pictures);
  const [disk] = await statuses(second, 1);
  expect(disk).toEqual({ from: 'disk', ms: expect.any(Number) });
  for (const status of [memory, again, kept, disk]) {
    expect(status?.ms).toBeGreaterThanOrEqual(0);
    expect(status?.ms).toBeLessThan(latencyMs);
  }
});
