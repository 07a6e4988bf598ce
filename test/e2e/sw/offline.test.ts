import { expect, it } from 'vitest';
import { jpeg } from '../../helpers/images.ts';
import { type Bucket, startBucket } from '../../helpers/stack.ts';
import { testBrowser } from '../fixture/browserContext.ts';
import { contextOnDisk, expectKept, kept, openPage, show } from './openPage.ts';
import { allowReading, keepForAYear, openSite, signer, workerOf } from './openSite.ts';

const browser = testBrowser();

/** A bucket whose pictures are 40 pixels wide. */
async function bucketWith(...keys: string[]): Promise<Bucket> {
  const bucket = await startBucket();
  const body = await jpeg(1, { width: 40 });
  for (const key of keys) bucket.server.put('photos', key, body, { contentType: 'image/jpeg' });
  return bucket;
}
const listed = ({ option: { name, endpoint } }: Bucket) => [{ name, endpoint }];
const gets = ({ server }: Bucket, key: string) => server.stats.byKey.get(`photos/${key}`) ?? 0;

async function openAnna(bucket: Bucket) {
  const site = await openSite(await workerOf({ base: false, buckets: listed(bucket), partition: 'anna' }));
  const context = await browser.newContext();
  return { site, context, page: await openPage(context, site.origin) };
}

it('I47: without any server of ours, private pictures show offline, under new signatures, from one stored copy', async () => {
  const bucket = await bucketWith('a.jpg');
  const sign = signer(bucket);
  await allowReading(bucket);
  const { site, context, page } = await openAnna(bucket);
  expect(await show(page, await sign('a.jpg'), await sign('a.jpg'))).toEqual([40, 40]);
  await expectKept(page, 1);
  expect(gets(bucket, 'a.jpg'), 'one download for both').toBe(1);
  expect(await show(page, await sign('a.jpg'), await sign('a.jpg'))).toEqual([40, 40]);
  expect(gets(bucket, 'a.jpg')).toBe(1);

  bucket.server.faults.offline = true;
  await site.stop();
  await page.close();
  const later = await openPage(context, site.origin);
  expect(await show(later, await sign('a.jpg'))).toEqual([40]);
  expect(await kept(later)).toBe(1);
});

it('I46: a bucket that does not let pages read shows its pictures all the same; nothing of it is kept, and it is not asked twice', async () => {
  const bucket = await bucketWith('a.jpg', 'b.jpg', 'c.jpg');
  const sign = signer(bucket);
  const { page } = await openAnna(bucket);
  expect(await show(page, await sign('a.jpg'))).toEqual([40]);
  expect(gets(bucket, 'a.jpg'), 'by CORS, then as the page asks').toBe(2);
  expect(await show(page, await sign('b.jpg'), await sign('c.jpg'))).toEqual([40, 40]);
  expect([gets(bucket, 'b.jpg'), gets(bucket, 'c.jpg')]).toEqual([1, 1]);
  expect(await kept(page)).toBe(0);
});

it('I46: a picture that the browser has without CORS is fetched again, so that it can be kept', async () => {
  const bucket = await bucketWith('a.jpg');
  const sign = signer(bucket);
  await allowReading(bucket);
  const site = await openSite(await workerOf({ base: false, buckets: listed(bucket), partition: 'anna' }));
  const context = await browser.newContext();
  await keepForAYear(bucket, 'a.jpg');
  const url = await sign('a.jpg');
  const before = await context.newPage();
  await before.goto(site.origin);
  // S3 leaves out the header that lets pages read, since an `<img>` does not ask for it.
  expect(await show(before, url)).toEqual([40]);
  await before.close();
  const page = await openPage(context, site.origin);
  expect(await show(page, url)).toEqual([40]);
  await expectKept(page, 1);
});

it('I48: only a whole image with the status 200 is kept', async () => {
  const bucket = await bucketWith('cut.jpg', 'a.jpg', 'gone.jpg');
  const sign = signer(bucket);
  await allowReading(bucket);
  const { server } = bucket;
  server.put('photos', 'page.jpg', Buffer.from('<h1>no</h1>'), { contentType: 'text/html' });
  server.put('photos', 'empty.jpg', Buffer.alloc(0), { contentType: 'image/jpeg' });
  server.put('photos', 'large.jpg', Buffer.alloc(20_000_001), { contentType: 'image/jpeg' });
  const { page } = await openAnna(bucket);
  await show(page, await sign('page.jpg'), await sign('empty.jpg'), await sign('large.jpg'));
  await show(page, await sign('missing.jpg'));
  for (const [fault, key] of [
    ['forbidden', 'a.jpg'],
    ['slowDown', 'a.jpg'],
    ['cut', 'cut.jpg'],
    ['cutChunked', 'cut.jpg'],
  ] as const) {
    server.faults[fault] = 1;
    await show(page, await sign(key));
    server.faults[fault] = 0;
  }
  expect(await show(page, await sign('gone.jpg'))).toEqual([40]);
  // The last one is kept after all others were looked at.
  await expectKept(page, 1);
});

it('I50: signed pictures are kept for one user, go with the log-out and with another user, and are never another’s', async () => {
  const bucket = await bucketWith('a.jpg', 'b.jpg');
  const sign = signer(bucket);
  await allowReading(bucket);
  const site = await openSite(await workerOf({ base: false, buckets: listed(bucket) }));
  const page = await openPage(await browser.newContext(), site.origin);
  expect(await show(page, await sign('a.jpg'))).toEqual([40]);
  expect(await show(page, await sign('a.jpg'))).toEqual([40]);
  expect([await kept(page), gets(bucket, 'a.jpg')], 'nobody is logged in').toEqual([0, 2]);

  await page.evaluate(() => window.kit.setOfflineUser('anna'));
  await show(page, await sign('a.jpg'), await sign('b.jpg'));
  await expectKept(page, 2);
  await page.evaluate(() => window.kit.setOfflineUser('ben'));
  expect(await kept(page)).toBe(0);

  await show(page, await sign('a.jpg'));
  await expectKept(page, 1);
  bucket.server.faults.offline = true;
  await page.evaluate(() => window.kit.clearOfflineImages());
  expect(await show(page, await sign('a.jpg')), 'the picture of the user before').toEqual([0]);
  expect(await kept(page)).toBe(0);
});

it('I50: what was on its way when the user logged out is not kept, not even for the same user', async () => {
  const bucket = await bucketWith('a.jpg', 'b.jpg');
  const sign = signer(bucket);
  await allowReading(bucket);
  const site = await openSite(await workerOf({ base: false, buckets: listed(bucket) }));
  const page = await openPage(await browser.newContext(), site.origin);
  await page.evaluate(() => window.kit.setOfflineUser('anna'));
  bucket.server.faults.latencyMs = 500;
  const before = bucket.server.stats.requests;
  const shown = show(page, await sign('a.jpg'));
  await expect.poll(() => bucket.server.stats.requests).toBeGreaterThan(before);
  await page.evaluate(async () => {
    await window.kit.clearOfflineImages();
    await window.kit.setOfflineUser('anna');
  });
  expect(await shown).toEqual([40]);
  bucket.server.faults.latencyMs = 0;
  await show(page, await sign('b.jpg'));
  await expectKept(page, 1);
});

it('I49: without room, what was shown least recently goes, and every picture shows', async () => {
  const bucket = await startBucket();
  const sign = signer(bucket);
  await allowReading(bucket);
  const keys = Array.from({ length: 8 }, (_, n) => `${n}.jpg`);
  const body = Buffer.concat([await jpeg(1, { width: 40 }), Buffer.alloc(1_000_000)]);
  for (const key of keys) bucket.server.put('photos', key, body, { contentType: 'image/jpeg' });
  const site = await openSite(await workerOf({ base: false, buckets: listed(bucket), partition: 'anna' }));
  const page = await openPage(await contextOnDisk(), site.origin);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Storage.overrideQuotaForOrigin', { origin: site.origin, quotaSize: 4_500_000 });
  for (const key of keys) {
    expect(await show(page, await sign(key))).toEqual([40]);
    await expect.poll(() => kept(page)).toBeGreaterThan(0);
  }
  expect(await kept(page)).toBeLessThan(8);
  expect(await kept(page)).toBeGreaterThan(1);
});

it('I49: storage that is cleared under the worker, or not there, is as if there were no worker', async () => {
  const bucket = await bucketWith('a.jpg', 'b.jpg');
  const sign = signer(bucket);
  await allowReading(bucket);
  const { page, site } = await openAnna(bucket);
  await show(page, await sign('a.jpg'));
  await expectKept(page, 1);
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Storage.clearDataForOrigin', { origin: site.origin, storageTypes: 'indexeddb' });
  expect(await kept(page)).toBe(0);
  expect(await show(page, await sign('a.jpg'), await sign('b.jpg'))).toEqual([40, 40]);
  await expectKept(page, 2);
  // A newer version of the database: an older worker cannot open it.
  await page.evaluate(
    () =>
      new Promise((resolve, reject) => {
        const request = indexedDB.open('image-cache-offline', 99);
        request.addEventListener('success', () => resolve(request.result.close()));
        request.addEventListener('error', reject);
      }),
  );
  expect(await show(page, await sign('a.jpg'))).toEqual([40]);
});

it('I51: a worker with a scope below the site leaves the pages outside of it alone, and answers those inside', async () => {
  const bucket = await bucketWith('a.jpg');
  const sign = signer(bucket);
  await allowReading(bucket);
  const site = await openSite(await workerOf({ base: '/app/api/cache', buckets: listed(bucket), partition: 'anna' }));
  const page = await (await browser.newContext()).newPage();
  await page.goto(site.origin);
  await page.evaluate(async () => {
    await navigator.serviceWorker.register('/app/worker.js');
    const { active, installing } = (await navigator.serviceWorker.getRegistration('/app/')) ?? {};
    if (!active) await new Promise((resolve) => installing?.addEventListener('statechange', () => resolve(undefined)));
  });
  await show(page, await sign('a.jpg'));
  expect(await kept(page)).toBe(0);
  await page.goto(`${site.origin}/app/`);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await show(page, await sign('a.jpg'));
  await expectKept(page, 1);
});

it('I52: navigations, modules, ranges and everything that is no picture go where they went before', async () => {
  const bucket = await bucketWith('a.jpg');
  const sign = signer(bucket);
  await allowReading(bucket);
  const { page, site } = await openAnna(bucket);
  const url = await sign('a.jpg');
  const seen = await page.evaluate(async (signed) => {
    const range = await fetch(signed, { headers: { Range: 'bytes=0-9' } });
    const plain = await fetch(signed);
    const post = await fetch('/src/save', { method: 'POST', body: 'x' });
    return [range.status, plain.status, post.status];
  }, url);
  expect(seen).toEqual([206, 200, 404]);
  expect(await kept(page)).toBe(0);
  const response = await page.goto(url);
  expect(response?.status()).toBe(200);
  expect(response?.fromServiceWorker()).toBe(false);
  expect(site.requests).toContain('/src/save');
});
