// @vitest-environment node
import { expect, test } from 'vitest';
import { UploadError } from '../../../components/uploads/uploadError.ts';
import { uploadErrorText } from '../../../components/uploads/uploadErrorText.ts';
import { fakeBrowser } from './fakeBrowser.ts';
import { fakeBucket } from './fakeBucket.ts';
import { pictureFile } from './pictures.ts';

/** What the visitor reads when these files are picked together. */
async function textFor(files: File[]): Promise<string> {
  const { uploads } = fakeBrowser().open({ transport: fakeBucket().transport, limits: { maxFileSize: 2_000 } });
  const error: unknown = await uploads.upload(files).catch((fault: unknown) => fault);
  return error instanceof UploadError ? uploadErrorText(error) : '';
}

test('N7: a good, a wrong, an empty and a large file: each refusal says its file, what is wrong with it and what to do', async () => {
  const large = new File([new Uint8Array(2_500_000)], 'huge.png');
  const files = [pictureFile(1), new File(['text'], 'notes.txt'), new File([], 'empty.jpg'), large];
  expect(await textFor(files)).toBe(
    '“notes.txt” is no picture. JPEG, PNG, GIF, WebP, AVIF and HEIC pictures can be added. ' +
      '“empty.jpg” is empty. Save the picture on this device first, and pick it from there. ' +
      '“huge.png” has 2.5 MB; at most 0.0 MB are taken. Pick a smaller picture.',
  );
  const five = Array.from({ length: 5 }, (_, index) => new File([], `${index}.jpg`));
  expect(await textFor(five)).toContain(
    '“2.jpg” is empty. Save the picture on this device first, and pick it from there. 2 more were',
  );
});

const named = new UploadError({ code: 'QUOTA_EXCEEDED', message: 'Quota.', filename: 'a.png' });
test.each([
  ['one of the storage', new UploadError({ code: 'QUOTA_EXCEEDED', message: 'x' }), undefined, /no room left/],
  [
    'several, of which some have no name in their text',
    new UploadError({ code: 'SOME_REFUSED', message: 'x', errors: [named] }),
    undefined,
    /^“a.png”: There is no room/,
  ],
  ['one who is not signed in', { code: 'NOT_AUTHORIZED', message: 'x' }, 'blocked', /Sign in/],
  ['an unknown code that has failed', { code: 'MY_OWN', message: 'bucket x' }, 'failed', /^It could not be uploaded\./],
  ['an unknown code that blocks', { code: 'toString', message: 'bucket x' }, 'blocked', /at the moment/],
  ['an unknown code that passes', { code: 'MY_OWN', message: 'bucket x' }, 'pending', /tried again by itself/],
  [
    'an unknown code of upload()',
    { code: 'MY_OWN', message: 'bucket x' },
    undefined,
    /^The picture could not be saved\.$/,
  ],
] as const)('N8: %s', (_, error, status, text) => {
  const said = uploadErrorText(error, status);
  expect(said).toMatch(text);
  expect(said).not.toMatch(/bucket|undefined/);
});

test('N8: developers are told each code once, with the hint', async () => {
  const browser = fakeBrowser();
  const bucket = fakeBucket();
  bucket.otherwise = 403;
  const { uploads } = browser.open({ transport: bucket.transport });
  await uploads.upload([pictureFile(1), pictureFile(2)]);
  await browser.pass(5 * 60_000);
  expect(browser.warnings).toEqual([expect.stringMatching(/^\[image-cache\] Uploads: STORE_FORBIDDEN: .*Sign in\.$/)]);
});

test('N14: a server without the option `uploads` is said on the console, with the line of configuration', async () => {
  const browser = fakeBrowser();
  const off = new UploadError({
    code: 'UPLOADS_OFF',
    message: 'This server takes no uploads.',
    hint: "Set the option `uploads` beside `buckets`, e.g. imageCache({ uploads: { bucket: 'team-photos' } }).",
    kind: 'blocked',
  });
  const { uploads } = browser.open({ transport: { send: () => Promise.reject(off) } });
  await uploads.upload(pictureFile(1));
  await browser.pass(5 * 60_000);
  expect(browser.warnings).toEqual([`[image-cache] Uploads: UPLOADS_OFF: ${off.message} ${off.hint}`]);
});
