// @vitest-environment node
import { expect, test } from 'vitest';
import { fakeBrowser } from './fakeBrowser.ts';
import { fakeBucket } from './fakeBucket.ts';
import { pictureFile } from './pictures.ts';

test('a picture is saved, prepared, sent and stored, and its bytes are dropped then', async () => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  bucket.otherwise = 'hang';
  const { uploads } = browser.open({ transport: bucket.transport });
  const [upload] = await uploads.upload(pictureFile(1, 'Beach.png'));
  expect(upload).toMatchObject({ filename: 'Beach.png', places: ['browser'], type: 'image/png' });
  expect(upload?.ref).toMatch(/^\/api\/cache\/i\/[0-9a-f]{32}\.png$/);
  await browser.settle();
  expect(uploads.list()).toMatchObject([
    { status: 'processing', progress: { loaded: upload?.size, total: upload?.size } },
  ]);
  expect(await browser.rows('bytes')).toHaveLength(1);
  const stored = upload?.stored;
  bucket.release();
  await browser.settle();
  expect(await stored).toMatchObject({ status: 'uploaded', places: ['bucket'], error: null });
  expect(await browser.rows('bytes')).toEqual([]);
  expect(bucket.complaints).toEqual([]);
});
