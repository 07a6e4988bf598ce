import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createVariantMaker } from '../../../plugin/images/index.ts';
import { CORNERS, animation, bomb, corners, cornersOf, meanColour, photo } from '../../helpers/pictures.ts';
import { refusal } from '../../helpers/source.ts';
import { insert, pngChunk, u32be } from '../bytes.ts';
import { apng } from '../fixtures.ts';
import { inspectAlone } from '../inspectAlone.ts';

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
    ['JPEG', photo().withIccProfile('p3').jpeg({ quality: 95 }), 3],
    ['PNG', photo().withIccProfile('p3').png(), 0],
  ])('N6: a %s in another colour space keeps its colours and its profile', async (_, picture, most) => {
    const original = await picture.toBuffer();
    const bytes = await compress(original);
    const [before, after] = await Promise.all([original, bytes].map((image) => sharp(image).metadata()));
    expect(before?.icc).toBeDefined();
    expect(after?.icc?.equals(before?.icc ?? Buffer.alloc(0))).toBe(true);
    const [expected, found] = [await meanColour(original), await meanColour(bytes)];
    for (const [channel, mean] of expected.entries()) {
      expect(Math.abs((found[channel] ?? 0) - mean)).toBeLessThanOrEqual(most);
    }
  });

  it('N6: every pixel of a Display P3 PNG is kept, also those with colours that sRGB does not have', async () => {
    const red = sharp({ create: { width: 300, height: 200, channels: 3, background: '#f00' } });
    const original = await red.withIccProfile('p3').png({ compressionLevel: 0 }).toBuffer();
    const raw = (image: Uint8Array) => sharp(image).keepIccProfile().raw().toBuffer();
    expect((await raw(await compress(original))).equals(await raw(original))).toBe(true);
  });

  it('N7: with `webp-lossy`, PNG at quality 85, too: a photograph has at most half as many bytes', async () => {
    const original = await photo().png().toBuffer();
    const lossy = await createVariantMaker({ png: 'lossy' }).compress(original);
    const lossless = await compress(original);
    expect(inspectAlone(lossy ?? Buffer.alloc(0))).toMatchObject({
      contentType: 'image/webp',
      width: 640,
      height: 480,
    });
    expect(lossy?.length).toBeLessThan(original.length / 2);
    expect(lossy?.length).toBeLessThan(lossless.length);
  });

  it('N7: with `webp-lossy`, a drawing with a palette and a GIF still keep every pixel', async () => {
    const drawing = await sharp(Buffer.from('<svg width="300" height="200"><circle cx="90" cy="90" r="80"/></svg>'))
      .flatten({ background: '#fff' })
      .png({ palette: true, compressionLevel: 0 })
      .toBuffer();
    const moving = await animation(300, 200).gif().toBuffer();
    for (const original of [drawing, moving]) {
      const bytes = await createVariantMaker({ png: 'lossy' }).compress(original);
      expect((await pixelsOf(bytes ?? original)).equals(await pixelsOf(original))).toBe(true);
      expect(bytes).toBeDefined();
    }
  });

  it('PNG: every pixel and every transparency stays as it was', async () => {
    const alpha = Buffer.from(Array.from({ length: 320 * 240 }, (_, at) => 1 + (at % 255)));
    const original = await photo(320, 240)
      .joinChannel(alpha, { raw: { width: 320, height: 240, channels: 1 } })
      .png()
      .toBuffer();
    expect((await pixelsOf(await compress(original))).equals(await pixelsOf(original))).toBe(true);
  });

  it('an animated GIF stays animated: the same frames, delays and number of loops', async () => {
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

describe('an image is not converted', () => {
  it('if WebP is not smaller', async () => {
    expect(await maker.compress(await photo().jpeg({ quality: 20 }).toBuffer())).toBeUndefined();
  });

  it('if WebP would have fewer colours: more than 8 bits', async () => {
    const deep = await photo().toColourspace('rgb16').png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expect(await maker.compress(deep)).toBeUndefined();
  });

  it('if that would take too long: more than 16 million pixels without loss', async () => {
    const create = { width: 4200, height: 4200, channels: 3, background: '#123' } as const;
    expect(await maker.compress(await sharp({ create }).png({ compressionLevel: 0 }).toBuffer())).toBeUndefined();
  });

  it('if only its first frame could be read: an animated PNG', async () => {
    const still = await photo(320, 240).png().toBuffer();
    expect(await maker.compress(still)).toBeDefined();
    expect(await maker.compress(apng(still))).toBeUndefined();
  });

  it.each(['image/webp', 'image/avif', 'image/jxl', 'image/heic', 'image/svg+xml', 'image/x-icon', 'image/tiff'])(
    '%s, whatever its size',
    (contentType) => expect(maker.canCompress(contentType)).toBe(false),
  );

  it('if it has too many pixels, or cannot be decoded', async () => {
    expect((await refusal(maker.compress(bomb(50_000, 50_000)))).code).toBe('TOO_MANY_PIXELS');
    expect((await refusal(maker.compress(bomb(20, 20)))).code).toBe('UNDECODABLE');
  });

  it('if it is too large for WebP: more than 16,383 pixels each way', async () => {
    expect(await maker.compress(await photo(17_000, 8).jpeg().toBuffer())).toBeUndefined();
  });

  it('N6: if WebP cannot describe its colours', async () => {
    const cmyk = await photo().toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer();
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
    const png = await photo().png().toBuffer();
    const linear = insert(png, 33, pngChunk('gAMA', u32be(100_000)));
    const wide = insert(png, 33, pngChunk('cICP', Buffer.of(12, 13, 0, 1)));
    for (const original of [cmyk, linear, wide]) expect(await maker.compress(original)).toBeUndefined();
  });

  it('N2: if it is damaged, so that no part of it is lost', async () => {
    const jpeg = await photo().jpeg({ quality: 95 }).toBuffer();
    expect((await refusal(maker.compress(jpeg.subarray(0, jpeg.length / 2)))).code).toBe('UNDECODABLE');
  });
});
