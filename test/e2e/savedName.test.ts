import { expect, it } from 'vitest';
import { jpeg } from '../helpers/images.ts';
import { imageUrl, startBucket } from '../helpers/stack.ts';
import { testBrowser } from './fixture/browserContext.ts';
import { installedApp } from './fixture/install.ts';
import { openPage } from './fixture/openPage.ts';
import { startApp } from './fixture/startApp.ts';

const app = installedApp();
const browser = testBrowser();

it('B20: a picture that a user saves has its own name, and the extension of its real type', async () => {
  const bucket = await startBucket();
  const keys = ['beach.jpg', 'Grüße aus 東京 🗼', 'a "b" 50%20\'c\'.jpg'];
  for (const key of keys) bucket.server.put('photos', key, await jpeg(1, { width: 400, height: 300 }));
  const { url, api } = await startApp({ root: app.root, bucket });
  const { page } = await openPage(await browser.newContext(), url);
  const save = async (src: string) => {
    const downloading = page.waitForEvent('download');
    await page.evaluate((href) => {
      const link = document.createElement('a');
      Object.assign(link, { href, download: '' }).click();
    }, api + src);
    const download = await downloading;
    await download.delete();
    return download.suggestedFilename();
  };
  const images = await Promise.all(keys.map(async (key) => imageUrl(await bucket.presign(key))));
  const names = ['beach.jpg', 'Grüße aus 東京 🗼.jpg'];
  for (const [index, name] of names.entries()) {
    expect(await save(images[index] ?? ''), 'while it is downloaded').toBe(name);
    expect(await save(images[index] ?? ''), 'from the cache').toBe(name);
  }
  expect(await save(`${images[1]}&w=64&format=webp`)).toBe('Grüße aus 東京 🗼.webp');
  // Browsers replace what their file system cannot hold, here the quotation marks.
  expect(await save(images[2] ?? '')).toMatch(/^a .b. 50%20'c'\.jpg$/);
});
