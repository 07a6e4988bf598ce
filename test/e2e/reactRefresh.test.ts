import { expect, it } from 'vitest';
import { startBucket } from '../helpers/stack.ts';
import { testBrowser } from './fixture/browserContext.ts';
import { colourOf, picture } from './fixture/colour.ts';
import { createGate, putHeld } from './fixture/hold.ts';
import { installedApp } from './fixture/install.ts';
import { imagesLoaded, openPage } from './fixture/openPage.ts';
import { presignAll, putPhotos } from './fixture/photos.ts';
import { startApp } from './fixture/startApp.ts';

const app = installedApp();
const browser = testBrowser();

/** Signatures of the tests are good for 15 minutes. */
const EXPIRED = 16 * 60;

/** An app with a backend that signs anew, when it is let. */
async function setUp() {
  const bucket = await startBucket();
  const keys = await putPhotos(bucket, 3);
  const server = await startApp({ root: app.root, bucket });
  const context = await browser.newContext();
  const asked: string[] = [];
  const backend = createGate();
  await context.exposeFunction('refreshUrl', async (url: string) => {
    const key = new URL(url).pathname.replace('/photos/', '');
    asked.push(key);
    await backend.opened;
    return bucket.presign(key);
  });
  return { bucket, keys, server, context, asked, backend };
}

it('expired signatures are renewed before the images are requested, once for each object', async () => {
  const { bucket, keys, server, context, asked, backend } = await setUp();
  const pictures = [...(await presignAll(bucket, keys, EXPIRED)), ...(await presignAll(bucket, keys, 2 * EXPIRED))];
  const { page, complaints } = await openPage(context, server.url, pictures.slice(0, 5));
  await expect.poll(() => asked.length).toBe(3);
  expect(server.calls.filter((call) => call.startsWith('GET /image'))).toEqual([]);
  backend.open();
  await imagesLoaded(page, 5);
  expect(asked.toSorted()).toEqual(keys);
  // A refused request would be one more.
  expect(bucket.server.stats.requests).toBe(3);
  expect(await page.evaluate(() => window.fixture.errors)).toBe(0);
  expect(complaints).toEqual([]);
});

it('signatures that only S3 knows to have expired are renewed when it says so, once for each object', async () => {
  const { bucket, keys, server, context, asked, backend } = await setUp();
  // The clock of the device is slow.
  await context.clock.setFixedTime(Date.now() - 2 * EXPIRED * 1_000);
  const pictures = [...(await presignAll(bucket, keys, EXPIRED)), ...(await presignAll(bucket, keys, 2 * EXPIRED))];
  const { page } = await openPage(context, server.url, pictures.slice(0, 5));
  await expect.poll(() => asked.length).toBe(3);
  expect(bucket.server.stats.requests).toBeGreaterThan(0);
  expect(bucket.server.stats.gets).toBe(0);
  backend.open();
  await imagesLoaded(page, 5);
  expect(asked.toSorted()).toEqual(keys);
  expect(bucket.server.stats.byKey).toEqual(new Map(keys.map((key) => [`photos/${key}`, 1])));
  expect(await page.evaluate(() => window.fixture.errors)).toBe(0);
});

it.each([
  ['its own word says that it has expired', 0],
  ['only S3 knows that it has expired', 2 * EXPIRED],
])('a picture on the screen stays while its signature is renewed: %s', async (_, slowBy) => {
  const { bucket, server, context, asked, backend } = await setUp();
  await context.clock.setFixedTime(Date.now() - slowBy * 1_000);
  bucket.server.put('photos', 'a.jpg', await picture('green'));
  const { page } = await openPage(context, server.url, await presignAll(bucket, ['a.jpg']));
  await imagesLoaded(page, 1);
  const image = page.getByRole('img');
  const src = await image.getAttribute('src');
  expect(await colourOf(image)).toBe('green');

  // The same image with an expired signature: it needs no other one.
  const expired = await presignAll(bucket, ['a.jpg'], EXPIRED);
  await page.evaluate((shown) => window.fixture.show(shown), expired);
  expect(await colourOf(image)).toBe('green');
  expect(await image.getAttribute('src')).toBe(src);
  expect(asked).toEqual([]);

  // Its copy is thrown away: now one is needed, and then the bytes.
  const letGo = putHeld(bucket, ['a.jpg'], await picture('blue'));
  await page.evaluate((url) => window.fixture.kit.imageCache.invalidate(url), expired[0]?.s3_url ?? '');
  await expect.poll(() => asked).toEqual(['a.jpg']);
  expect(await colourOf(image)).toBe('green');
  backend.open();
  await expect.poll(() => bucket.server.stats.byKey.get('photos/a.jpg')).toBe(2);
  expect(await colourOf(image)).toBe('green');
  letGo();
  await expect.poll(() => colourOf(image)).toBe('blue');
  expect(asked).toEqual(['a.jpg']);
  expect(await page.evaluate(() => window.fixture.errors)).toBe(0);
});
