import { expect, it } from 'vitest';
import { jpeg } from '../../helpers/images.ts';
import { startBucket } from '../../helpers/stack.ts';
import { testBrowser } from '../fixture/browserContext.ts';
import { kept, openPage, show } from './openPage.ts';
import { allowReading, openSite, workerOf } from './openSite.ts';

const browser = testBrowser();

it('I47: without any server of ours, private pictures show offline, under new signatures, from one stored copy', async () => {
  const bucket = await startBucket();
  await allowReading(bucket);
  bucket.server.put('photos', 'a.jpg', await jpeg(1, { width: 40 }), { contentType: 'image/jpeg' });
  const { name, endpoint } = bucket.option;
  const worker = await workerOf({ base: false, buckets: [{ name, endpoint }], partition: 'anna' });
  const site = await openSite(worker);
  const context = await browser.newContext();
  const page = await openPage(context, site.origin);
  expect(await show(page, await bucket.presign('a.jpg'))).toEqual([40]);
  await expect.poll(() => kept(page)).toMatchObject({ images: 1 });
  expect(bucket.server.stats.byKey.get('photos/a.jpg')).toBe(1);
  expect(await show(page, await bucket.presign('a.jpg', 10), await bucket.presign('a.jpg', 20))).toEqual([40, 40]);
  expect(bucket.server.stats.byKey.get('photos/a.jpg')).toBe(1);

  bucket.server.faults.offline = true;
  await site.stop();
  await page.close();
  const later = await openPage(context, site.origin);
  expect(await show(later, await bucket.presign('a.jpg', 30))).toEqual([40]);
  expect(await kept(later)).toMatchObject({ images: 1 });
});
