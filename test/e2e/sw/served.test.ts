import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { createImageCache, type ExpressImageCacheOptions } from '../../../plugin/express.ts';
import { temporaryDirectory } from '../../helpers/directory.ts';
import { jpeg } from '../../helpers/images.ts';
import { imagePath, imageUrl, startBucket } from '../../helpers/stack.ts';
import { testBrowser } from '../fixture/browserContext.ts';
import { expectKept, kept, openPage, show } from './openPage.ts';
import { openSite, signer, type Site, workerOf } from './openSite.ts';

const browser = testBrowser();
const API = '/api/cache';

/** A site with our server, a bucket of 40 pixels wide pictures, and an open page. */
async function setUp(options: Partial<ExpressImageCacheOptions> = {}) {
  const bucket = await startBucket();
  for (const key of ['a.jpg', 'b.jpg']) {
    bucket.server.put('photos', key, await jpeg(1, { width: 40 }), { contentType: 'image/jpeg' });
  }
  const cacheDir = join(await temporaryDirectory(), '.image-cache');
  const open = () =>
    createImageCache({
      buckets: [bucket.option],
      logLevel: 'silent',
      minFreeSpace: 0,
      manage: () => true,
      cacheDir,
      ...options,
    });
  let images = open();
  onTestFinished(() => images.close());
  /** What is answered in place of the server. */
  const outage: { status?: number; holds?: boolean } = {};
  const api: RequestListener = (request, response) => {
    if (outage.holds) return;
    if (outage.status !== undefined) return void response.writeHead(outage.status).end();
    request.url = request.url?.slice(API.length);
    images.router(request, response, () => response.writeHead(599).end());
  };
  const { name, endpoint } = bucket.option;
  const site = await openSite(await workerOf({ buckets: [{ name, endpoint }] }), api);
  const context = await browser.newContext();
  const page = await openPage(context, site.origin);
  const sign = signer(bucket);
  const url = async (key: string) => API + imageUrl(await sign(key));
  const post = (path: string, body: object) =>
    fetch(site.origin + API + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  const pathOf = async (key: string) => {
    const signed = await bucket.presign(key);
    const { entries } = (await (await post('/lookup', { urls: [signed] })).json()) as {
      entries: Record<string, { local_path: string } | null>;
    };
    return API + imagePath(entries[signed]?.local_path ?? '');
  };
  async function restart(): Promise<void> {
    await images.close();
    images = open();
  }
  return { bucket, site, context, page, outage, url, pathOf, post, restart };
}

const requestsFor = (site: Site, text: string) => site.requests.filter((request) => request.includes(text)).length;

/** The page follows the server, as the app's start makes it. */
async function follow(page: Page): Promise<void> {
  const ready = page.waitForResponse(/\/events/);
  await page.evaluate(() => window.kit.configureImageCache({ base: '/api/cache' }));
  await ready;
}

it('I47: what the server has shown by its URL or its path shows offline by both, by the bucket’s own URL, and in other sizes', async () => {
  const { site, page, url, pathOf, bucket, context } = await setUp();
  expect(await show(page, await url('a.jpg'), await url('b.jpg'))).toEqual([40, 40]);
  await expectKept(page, 2);
  const path = await pathOf('b.jpg');
  expect(await show(page, path)).toEqual([40]);
  await expect.poll(() => requestsFor(site, 'image?path')).toBe(1);
  expect(await show(page, `${path}#again`)).toEqual([40]);
  expect(requestsFor(site, 'image?path'), 'a path names its bytes').toBe(1);

  await site.stop();
  bucket.server.faults.offline = true;
  await page.close();
  const later = await openPage(context, site.origin);
  const shown = await show(
    later,
    path,
    await url('a.jpg'),
    `${await url('a.jpg')}&w=16`,
    await bucket.presign('b.jpg'),
  );
  expect(shown).toEqual([40, 40, 40, 40]);
});

it('a server that fails or does not answer is covered by the kept copy, one that refuses is not', async () => {
  const { page, url, outage } = await setUp();
  await show(page, await url('a.jpg'));
  await expectKept(page, 1);
  outage.status = 503;
  expect(await show(page, await url('a.jpg'))).toEqual([40]);
  delete outage.status;
  outage.holds = true;
  const began = performance.now();
  expect(await show(page, await url('a.jpg'))).toEqual([40]);
  expect(performance.now() - began, 'three seconds of patience').toBeGreaterThan(2_900);
  outage.holds = false;
  for (const status of [401, 403, 404]) {
    await show(page, await url('a.jpg'));
    await expectKept(page, 1);
    outage.status = status;
    expect(await show(page, await url('a.jpg'))).toEqual([0]);
    await expectKept(page, 0);
    delete outage.status;
  }
});

it('I50: images of a server that asks who may see them are kept for a user only, and go when `authorize` says no', async () => {
  const permit = { anna: true };
  const { page, url, pathOf, site, restart } = await setUp({ authorize: () => permit.anna });
  await show(page, await url('a.jpg'));
  expect(await show(page, await pathOf('a.jpg'))).toEqual([40]);
  expect(await kept(page)).toBe(0);
  await page.evaluate(() => window.kit.setOfflineUser('anna'));
  await show(page, await url('a.jpg'), await url('b.jpg'));
  await expectKept(page, 2);
  permit.anna = false;
  expect(await show(page, await url('a.jpg'))).toEqual([0]);
  await expectKept(page, 1);
  // The other one was not shown again. At the next start of the app the server is asked about it.
  await restart();
  await follow(page);
  await expectKept(page, 0);
  await site.stop();
  expect(await show(page, await url('b.jpg'))).toEqual([0]);
});

it('I50: what is invalidated or cleared while a page is open goes, and nothing else', async () => {
  const { page, url, bucket, post } = await setUp();
  await show(page, await url('a.jpg'), await url('b.jpg'));
  await expectKept(page, 2);
  await follow(page);
  await post('/invalidate', { s3_url: await bucket.presign('a.jpg') });
  await expectKept(page, 1);
  await post('/clear-all', {});
  await expectKept(page, 0);
});

it('I50: what was invalidated while no page was open goes at the next start', async () => {
  const { page, url, bucket, post, context, site, pathOf } = await setUp();
  await show(page, await url('a.jpg'), await url('b.jpg'));
  await show(page, await pathOf('b.jpg'));
  await expectKept(page, 2);
  await follow(page);
  await expect.poll(() => requestsFor(site, '/lookup')).toBeGreaterThan(1);
  await page.close();
  await post('/invalidate', { s3_url: await bucket.presign('a.jpg') });
  const later = await openPage(context, site.origin);
  expect(await kept(later)).toBe(2);
  await follow(later);
  await expectKept(later, 1);
  await site.stop();
  expect(await show(later, await url('b.jpg'), await url('a.jpg'))).toEqual([40, 0]);
});

it('a picture that is still in the outbox of this browser shows by its reference, before any server has it', async () => {
  const { page, site } = await setUp();
  const imageId = '0123456789abcdef0123456789abcdef';
  const picture = await jpeg(2, { width: 56 });
  await page.evaluate(
    ({ id, bytes }) =>
      new Promise<void>((resolve, reject) => {
        const request = indexedDB.open('image-cache-uploads:notes', 2);
        request.addEventListener('error', reject);
        request.addEventListener('upgradeneeded', () => {
          const jobs = request.result.createObjectStore('jobs', { keyPath: 'jobId' });
          const body = new Blob([new Uint8Array(bytes)]);
          const type = 'image/jpeg';
          jobs.put({ jobId: '1', type, size: body.size, heldBytes: body.size, body: { imageId: id, ext: 'jpg' } });
          request.result.createObjectStore('bytes').put(body, '1');
        });
        request.addEventListener('success', () => {
          request.result.close();
          resolve();
        });
      }),
    { id: imageId, bytes: [...picture] },
  );
  await site.stop();
  const other = imageId.replace('0', '1');
  expect(await show(page, `/api/cache/i/${imageId}.jpg`, `/api/cache/i/${other}.jpg`)).toEqual([56, 0]);
});

it('I49: a page of the old worker goes on while a new one takes over, with what the old one has kept', async () => {
  const { page, url, site, context } = await setUp();
  await show(page, await url('a.jpg'));
  await expectKept(page, 1);
  site.deploy(
    `self.addEventListener('message', () => self.skipWaiting());\n${(await workerOf({})).replace('self.skipWaiting();', '')}`,
  );
  const other = await openPage(context, site.origin);
  await other.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration();
    await registration?.update();
    if (!registration?.waiting) {
      await new Promise((resolve) => registration?.installing?.addEventListener('statechange', resolve));
    }
  });
  expect(await other.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.waiting?.state)).toBe(
    'installed',
  );
  expect(await show(page, await url('b.jpg'))).toEqual([40]);
  await expectKept(other, 2);
  await other.evaluate(async () => {
    const taken = new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve));
    (await navigator.serviceWorker.getRegistration())?.waiting?.postMessage('go');
    await taken;
  });
  await site.stop();
  expect(await show(page, await url('a.jpg'))).toEqual([40]);
  expect(await show(other, await url('b.jpg'))).toEqual([40]);
});
