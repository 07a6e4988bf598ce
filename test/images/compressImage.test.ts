import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createVariantMaker } from '../../plugin/images/index.ts';
import { CORNERS, animation, bomb, corners, cornersOf, meanColour, photo } from '../helpers/pictures.ts';
import { refusal } from '../helpers/source.ts';
import { apng } from './fixtures.ts';
import { inspectAlone } from './inspectAlone.ts';

const maker = createVariantMaker();

async function compress(original: Uint8Array): Promise<Buffer> {
  const bytes = await maker.compress(original);
  if (bytes === undefined) throw new Error('the original serves better');
  return bytes;
}

const pixelsOf = (picture: Uint8Array) => sharp(picture, { animated: true }).ensureAlpha().raw().toBuffer();

describe('an image that is stored as WebP', () => {
  it('JPEG: at quality 85, a whole image of the same size, smaller, without its metadata', async () => {
    const original = await photo()
      .withExif({ IFD3: { GPSLatitude: '52/1' } })
      .jpeg({ quality: 95 })
      .toBuffer();
    const bytes = await compress(original);
    expect(inspectAlone(bytes)).toMatchObject({ contentType: 'image/webp', width: 640, height: 480 });
    expect(bytes.length).toBeLessThan(original.length);
    expect((await sharp(bytes).metadata()).exif).toBeUndefined();
    const again = await sharp(original).webp({ quality: 85, effort: 2 }).toBuffer();
    expect(bytes.equals(again)).toBe(true);
  });

  it.each([1, 3, 6, 8])('stands upright when its EXIF orientation was %i', async (orientation) => {
    const upright = await corners(320, 240).toBuffer({ resolveWithObject: true });
    const turned = sharp(upright.data, { raw: { width: 320, height: 240, channels: 3 } });
    const original = await turned.withMetadata({ orientation }).jpeg({ quality: 100 }).toBuffer();
    const bytes = await compress(original);
    const { width, height } = inspectAlone(original);
    expect(inspectAlone(bytes)).toMatchObject({ width, height });
    expect(await cornersOf(bytes)).toEqual(await cornersOf(await sharp(original).autoOrient().png().toBuffer()));
    expect(await cornersOf(bytes)).toHaveLength(CORNERS.length);
  });

  it.each([
    ['JPEG', photo().withIccProfile('p3').jpeg({ quality: 95 })],
    ['PNG', photo().withIccProfile('p3').png()],
  ])('a %s in another colour space looks the same in sRGB', async (_, picture) => {
    const original = await picture.toBuffer();
    expect((await sharp(original).metadata()).icc).toBeDefined();
    const bytes = await compress(original);
    expect((await sharp(bytes).metadata()).icc).toBeUndefined();
    const [expected, found] = [await meanColour(await sharp(original).png().toBuffer()), await meanColour(bytes)];
    for (const [channel, mean] of expected.entries()) expect(Math.abs((found[channel] ?? 0) - mean)).toBeLessThan(3);
  });

  it('PNG: every pixel and every transparency stays as it was', async () => {
    const alpha = Buffer.from(Array.from({ length: 320 * 240 }, (_, at) => 1 + (at % 255)));
    const original = await photo(320, 240)
      .joinChannel(alpha, { raw: { width: 320, height: 240, channels: 1 } })
      .png()
      .toBuffer();
    expect((await pixelsOf(await compress(original))).equals(await pixelsOf(original))).toBe(true);
  });

  it('an animated GIF goes on moving: the same frames, pauses and number of rounds', async () => {
    const original = await animation(300, 200)
      .gif({ loop: 3, delay: [50, 100, 150] })
      .toBuffer();
    const bytes = await compress(original);
    expect(inspectAlone(bytes).animated).toBe(true);
    const [before, after] = await Promise.all([original, bytes].map((image) => sharp(image).metadata()));
    expect(after).toMatchObject({ pages: 3, delay: [50, 100, 150], loop: before?.loop });
    expect((await pixelsOf(bytes)).equals(await pixelsOf(original))).toBe(true);
  });
});

describe('an image stays as it came', () => {
  it('where WebP is no smaller', async () => {
    expect(await maker.compress(await photo().jpeg({ quality: 20 }).toBuffer())).toBeUndefined();
  });

  it('where WebP has fewer colours than it: more than 8 bits', async () => {
    const deep = await photo().toColourspace('rgb16').png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expect(await maker.compress(deep)).toBeUndefined();
  });

  it('where that would take too long: more than 16 million pixels without loss', async () => {
    const create = { width: 4200, height: 4200, channels: 3, background: '#123' } as const;
    expect(await maker.compress(await sharp({ create }).png({ compressionLevel: 0 }).toBuffer())).toBeUndefined();
  });

  it('where only its first frame could be read: an animated PNG', async () => {
    const still = await photo(320, 240).png().toBuffer();
    expect(await maker.compress(still)).toBeDefined();
    expect(await maker.compress(apng(still))).toBeUndefined();
  });

  it.each(['image/webp', 'image/avif', 'image/jxl', 'image/heic', 'image/svg+xml', 'image/x-icon', 'image/tiff'])(
    '%s, whatever it weighs',
    (contentType) => expect(maker.canCompress(contentType)).toBe(false),
  );

  it('when it has too many pixels, or cannot be decoded', async () => {
    expect((await refusal(maker.compress(bomb(50_000, 50_000)))).code).toBe('TOO_MANY_PIXELS');
    expect((await refusal(maker.compress(bomb(20, 20)))).code).toBe('UNDECODABLE');
    const wide = await photo(17_000, 8).jpeg().toBuffer(); // WebP ends at 16,383
    expect((await refusal(maker.compress(wide))).code).toBe('UNDECODABLE');
  });
});
