import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { readOrientation } from '../../plugin/images/exif.ts';
import { exif, insert, pngChunk, text } from './bytes.ts';
import { heic, HEIGHT, picture, WIDTH } from './fixtures.ts';
import { inspectAlone } from './inspectAlone.ts';

/** What a browser shows: sharp turns the pixels themselves. */
async function shownSize(bytes: Uint8Array): Promise<{ width: number; height: number }> {
  const { info } = await sharp(bytes).rotate().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height };
}

describe.each([1, 2, 3, 4, 5, 6, 7, 8])('EXIF orientation %i', (orientation) => {
  const oriented = picture().withMetadata({ orientation });

  test.each([
    ['JPEG', () => oriented.clone().jpeg().toBuffer()],
    ['TIFF', () => oriented.clone().tiff().toBuffer()],
    ['AVIF', () => oriented.clone().avif({ effort: 0 }).toBuffer()],
  ])('the size of a %s is the one that is shown', async (_format, encode) => {
    const bytes = await encode();
    expect(inspectAlone(bytes)).toMatchObject(await shownSize(bytes));
  });

  test('B18: the size of a WebP is that of its pixels, as in browsers', async () => {
    const bytes = await oriented.clone().webp().toBuffer();
    expect(inspectAlone(bytes)).toMatchObject({ width: WIDTH, height: HEIGHT });
  });

  test('B19: an eXIf chunk of a PNG after its pixels is ignored, as in browsers', async () => {
    const png = await picture().png().toBuffer();
    const bytes = insert(png, png.length - 12, pngChunk('eXIf', exif(orientation)));
    expect(inspectAlone(bytes)).toMatchObject({ width: WIDTH, height: HEIGHT });
  });

  test('the size of a PNG with an eXIf chunk is the one that is shown', async () => {
    const bytes = insert(await picture().png().toBuffer(), 33, pngChunk('eXIf', exif(orientation)));
    const turned = orientation >= 5;
    expect(inspectAlone(bytes)).toMatchObject({ width: turned ? HEIGHT : WIDTH, height: turned ? WIDTH : HEIGHT });
  });
});

test.each([
  [0, WIDTH, HEIGHT],
  [1, HEIGHT, WIDTH],
  [2, WIDTH, HEIGHT],
  [3, HEIGHT, WIDTH],
])('a HEIC that irot turns %i times by 90° is %i × %i', (quarterTurns, width, height) => {
  expect(inspectAlone(heic({ quarterTurns }))).toMatchObject({ width, height });
});

test('EXIF data is understood with and without its prefix', () => {
  expect(readOrientation(exif(8))).toBe(8);
  expect(readOrientation(Buffer.concat([text('Exif\0\0'), exif(8)]))).toBe(8);
});

test.each([
  ['nothing', new Uint8Array()],
  ['an orientation of 9', exif(9)],
  ['a cut directory', exif(6).subarray(0, 16)],
  ['a directory beyond the end', Buffer.from('49492a00ffffffff', 'hex')],
  ['something else', text('no EXIF data at all')],
])('%s means upright', (_name, bytes) => {
  expect(readOrientation(bytes)).toBe(1);
});
