import sharp from 'sharp';
import { thumbHashToApproximateAspectRatio, thumbHashToAverageRGBA } from 'thumbhash';
import { describe, expect, it } from 'vitest';
import type { VariantSpec } from '../../../plugin/cache/variants/variantSpec.ts';
import { createVariantMaker } from '../../../plugin/images/index.ts';
import { CORNERS, animation, bomb, corners, cornersOf, meanColour, photo } from '../../helpers/pictures.ts';
import { refusal } from '../../helpers/source.ts';
import { insert, pngChunk, u32be } from '../bytes.ts';
import { wholeImages } from '../fixtures.ts';

const maker = createVariantMaker();

const spec = (wanted: Partial<VariantSpec> = {}): VariantSpec => ({
  width: undefined,
  height: undefined,
  fit: 'inside',
  format: undefined,
  quality: 75,
  negotiated: wanted.format === undefined,
  ...wanted,
});

async function make(original: Uint8Array, wanted: Partial<VariantSpec>) {
  const made = await maker.make(original, spec(wanted));
  if (made === undefined) throw new Error('the original serves better');
  return { ...made, metadata: await sharp(made.bytes, { animated: true }).metadata() };
}

describe('the size of a variant', () => {
  it.each<[Partial<VariantSpec>, [number, number]]>([
    [{ width: 320 }, [320, 240]],
    [{ height: 120 }, [160, 120]],
    [{ width: 320, height: 120 }, [160, 120]],
    [{ width: 100, height: 100, fit: 'cover' }, [100, 100]],
    [{ width: 100, height: 100, fit: 'contain' }, [100, 100]],
    [{ width: 2000, format: 'webp' }, [640, 480]],
    [{ width: 2000, height: 1000, fit: 'cover', format: 'webp' }, [640, 320]],
    [{ width: 1280, height: 480, fit: 'contain', format: 'webp' }, [1280, 480]],
    [{ width: 1280, height: 1280, fit: 'contain', format: 'webp' }, [640, 640]],
  ])('640 × 480 as %o is %o: never enlarged', async (wanted, [width, height]) => {
    const { metadata } = await make(await photo().png().toBuffer(), wanted);
    expect([metadata.width, metadata.height]).toEqual([width, height]);
  });

  it('contain shows the whole picture between transparent bars', async () => {
    const { bytes } = await make(await corners().png().toBuffer(), { width: 40, height: 40, fit: 'contain' });
    const { data } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    expect(data[3]).toBe(0);
    expect(data[(20 * 40 + 20) * 4 + 3]).toBe(255);
  });
});

describe('orientation', () => {
  const [topLeft, topRight, bottomLeft, bottomRight] = CORNERS;
  // EXIF 2.32, 4.6.4.A: what is shown where, of the rows and columns as they are stored.
  it.each([
    [1, [topLeft, topRight, bottomLeft, bottomRight]],
    [2, [topRight, topLeft, bottomRight, bottomLeft]],
    [3, [bottomRight, bottomLeft, topRight, topLeft]],
    [4, [bottomLeft, bottomRight, topLeft, topRight]],
    [5, [topLeft, bottomLeft, topRight, bottomRight]],
    [6, [bottomLeft, topLeft, bottomRight, topRight]],
    [7, [bottomRight, topRight, bottomLeft, topLeft]],
    [8, [topRight, bottomRight, topLeft, bottomLeft]],
  ])('%i is applied, and no longer in the metadata', async (orientation, expected) => {
    const original = await corners().withMetadata({ orientation }).jpeg({ quality: 95 }).toBuffer();
    const { bytes, metadata } = await make(original, { width: 40, format: 'png' });
    expect(await cornersOf(bytes)).toEqual(expected);
    expect(metadata.orientation).toBeUndefined();
    expect(metadata.width).toBe(40);
    expect(metadata.height).toBe(orientation < 5 ? 24 : 67);
  });
});

describe('colour', () => {
  const colour = { r: 200, g: 60, b: 40 };
  const plain = () => sharp({ create: { width: 64, height: 64, channels: 3, background: colour } });

  it.each(['p3', 'cmyk'])('%s becomes sRGB, and has no profile any more', async (profile) => {
    const space = profile === 'cmyk' ? 'cmyk' : 'srgb';
    const original = await plain().toColourspace(space).withIccProfile(profile).jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(original).metadata()).icc).toBeDefined();
    const { bytes, metadata } = await make(original, { width: 32, format: 'png' });
    expect(metadata.icc).toBeUndefined();
    expect(metadata.space).toBe('srgb');
    const [r = 0, g = 0, b = 0] = await meanColour(bytes);
    const reach = profile === 'cmyk' ? 25 : 4; // inks cannot show all of sRGB
    expect(Math.abs(r - colour.r)).toBeLessThanOrEqual(reach);
    expect(Math.abs(g - colour.g)).toBeLessThanOrEqual(reach);
    expect(Math.abs(b - colour.b)).toBeLessThanOrEqual(reach);
  });

  it('16 bits with alpha keep the alpha', async () => {
    const original = await sharp({
      create: { width: 64, height: 64, channels: 4, background: { ...colour, alpha: 0.5 } },
    })
      .toColourspace('rgb16')
      .png()
      .toBuffer();
    expect((await sharp(original).metadata()).depth).toBe('ushort');
    const { bytes, metadata } = await make(original, { width: 32, format: 'webp' });
    expect(metadata.hasAlpha).toBe(true);
    const { data } = await sharp(bytes).raw().toBuffer({ resolveWithObject: true });
    expect(Math.abs((data[3] ?? 0) - 128)).toBeLessThan(3);
    expect(Math.abs((data[0] ?? 0) - colour.r)).toBeLessThan(6);
  });

  it('transparent pixels become white in a JPEG', async () => {
    const clear = { r: 0, g: 0, b: 0, alpha: 0 };
    const original = await sharp({ create: { width: 64, height: 64, channels: 4, background: clear } })
      .png()
      .toBuffer();
    expect(await meanColour((await make(original, { width: 32, format: 'jpeg' })).bytes)).toEqual([255, 255, 255]);
  });

  it('metadata is left out, also the place of a photograph', async () => {
    const original = await photo(64, 64)
      .withExif({ IFD0: { Artist: 'Somebody' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '48/1 8/1 0/1' } })
      .jpeg()
      .toBuffer();
    const { metadata } = await make(original, { width: 32 });
    expect(metadata.exif).toBeUndefined();
  });
});

describe('the format', () => {
  it.each(['avif', 'webp', 'jpeg', 'png'] as const)('%s if it was requested by name', async (format) => {
    const { bytes, extension } = await make(await photo().jpeg().toBuffer(), { width: 128, format });
    expect(extension).toBe(format === 'jpeg' ? 'jpg' : format);
    expect((await sharp(bytes).metadata()).format).toBe(format === 'avif' ? 'heif' : format);
  });

  it.each(['JPEG, progressive', 'PNG, interlaced', 'GIF', 'WebP, lossy', 'AVIF'])(
    '%s keeps its format',
    async (name) => {
      const original = (await wholeImages()).get(name) ?? Buffer.alloc(0);
      const before = (await sharp(original).metadata()).format;
      expect((await make(original, { width: 16 })).metadata.format).toBe(before);
    },
  );

  it('a JPEG is progressive, so that a browser shows all of it early', async () => {
    const { metadata } = await make(await photo().jpeg({ progressive: false }).toBuffer(), { width: 128 });
    expect([metadata.format, metadata.isProgressive]).toEqual(['jpeg', true]);
  });

  it('TIFF becomes a format that browsers show', async () => {
    expect((await make(await photo().tiff().toBuffer(), { width: 64 })).extension).toBe('jpg');
    expect(
      (await make(await photo().ensureAlpha(0.5).tiff({ compression: 'lzw' }).toBuffer(), { width: 64 })).extension,
    ).toBe('png');
  });

  it('a lower quality is smaller', async () => {
    const original = await photo().png().toBuffer();
    const sizes = await Promise.all(
      [90, 50, 10].map(async (quality) => (await make(original, { format: 'webp', quality })).bytes.length),
    );
    expect(sizes.toSorted((a, b) => b - a)).toEqual(sizes);
  });

  it('the original is sent if the variant would not be smaller, unless that has another shape', async () => {
    const original = await photo().webp({ quality: 5, effort: 6 }).toBuffer();
    expect(await maker.make(original, spec({ width: 639, quality: 100 }))).toBeUndefined();
    expect(await maker.make(original, spec({ width: 639, quality: 100, format: 'webp' }))).toBeUndefined();
    expect((await make(original, { width: 639, format: 'png' })).extension).toBe('png'); // asked for by name
    const square = { width: 480, height: 480, quality: 100 };
    expect((await make(original, { ...square, fit: 'cover' })).bytes.length).toBeGreaterThan(original.length);
  });
});

describe('animated images', () => {
  it.each(['gif', 'webp'] as const)('%s: all frames, smaller', async (format) => {
    const original = await animation(300, 200).toFormat(format).toBuffer();
    const { metadata } = await make(original, { width: 60, format: 'webp' });
    expect([metadata.format, metadata.pages, metadata.width, metadata.pageHeight]).toEqual(['webp', 3, 60, 40]);
    const own = await make(original, { width: 60 }).catch(() => undefined);
    if (own !== undefined) expect([own.metadata.format, own.metadata.pages]).toEqual([format, 3]);
  });

  it('AVIF from `Accept` means animated WebP', async () => {
    const original = await animation(300, 200).gif().toBuffer();
    expect((await make(original, { width: 60, format: 'avif' })).metadata.pages).toBe(3);
  });

  it('stay animated, even if a format was requested by name', async () => {
    const gif = await animation().gif().toBuffer();
    const apng = (await wholeImages()).get('APNG') ?? Buffer.alloc(0);
    expect(await maker.make(gif, spec({ width: 20, format: 'jpeg' }))).toBeUndefined();
    expect(await maker.make(gif, spec({ width: 20, format: 'png' }))).toBeUndefined();
    expect(await maker.make(apng, spec({ width: 20, format: 'webp' }))).toBeUndefined();
  });
});

describe('what is not decoded', () => {
  it.each([
    ['image/svg+xml', false],
    ['image/x-icon', false],
    ['image/bmp', false],
    ['image/jxl', false],
    ['image/jpeg', true],
    ['image/avif', true],
  ])('%s: %s', (contentType, supported) => {
    expect(maker.obstacle({ content_type: contentType })).toBe(supported ? undefined : 'format');
    const large = { content_type: contentType, width: 12_000, height: 12_000 };
    expect(maker.obstacle(large)).toBe(supported ? 'pixels' : 'format');
  });

  it('a decompression bomb is refused by its header, before sharp gets it', async () => {
    let imported = false;
    const importer = async () => {
      imported = true;
      return import('sharp');
    };
    const careful = createVariantMaker({ importer });
    const error = await refusal(careful.make(bomb(50_000, 50_000), spec({ width: 64, format: 'webp' })));
    expect([error.code, error.status]).toEqual(['TOO_MANY_PIXELS', 422]);
    expect(error.hint).toContain('original');
    expect((await refusal(careful.placeholder(bomb(50_000, 50_000)))).code).toBe('TOO_MANY_PIXELS');
    expect(imported).toBe(false);
  });

  it('a bomb with its pixels in many frames is refused, too', async () => {
    const frames = 600;
    const screen = 500;
    const still = await sharp({ create: { width: screen, height: screen, channels: 3, background: 'red' } })
      .gif()
      .toBuffer();
    const start = still.indexOf(0x2c, 13);
    const frame = still.subarray(start, -1);
    const gif = Buffer.concat([still.subarray(0, start), ...Array<Buffer>(frames).fill(frame), Buffer.of(0x3b)]);
    const error = await refusal(maker.make(gif, spec({ width: 64, format: 'webp' })));
    expect(error.code).toBe('TOO_MANY_PIXELS');
  });

  it('a picture that cannot be decoded is refused, with a hint', async () => {
    const webp = await photo(40, 40).webp().toBuffer();
    const error = await refusal(maker.make(webp.subarray(0, 60), spec({ width: 64, format: 'png' })));
    expect([error.code, error.status]).toEqual(['UNDECODABLE', 422]);
    expect(error.hint).toContain('original');
  });

  it('N2: of a damaged or cut picture, as much is shown as in browsers', async () => {
    const whole = await photo(200, 200).jpeg().toBuffer();
    const halves = [whole.subarray(0, -2), whole.subarray(0, whole.length / 2)];
    for (const cut of halves) {
      expect((await make(cut, { width: 64, format: 'webp' })).metadata).toMatchObject({ width: 64, height: 64 });
      expect(await maker.placeholder(cut)).not.toBe('');
    }
  });

  it('nothing is available if sharp cannot be imported', async () => {
    const without = createVariantMaker({ importer: () => Promise.reject(new Error('Cannot find package')) });
    expect(await without.isAvailable()).toBe(false);
    expect(await maker.isAvailable()).toBe(true);
  });
});

describe('the placeholder', () => {
  it('is a thumbhash of the picture as it is shown', async () => {
    const original = await corners(200, 100).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    const hash = Buffer.from(await maker.placeholder(original), 'base64');
    expect(hash.length).toBeLessThan(30);
    expect(thumbHashToApproximateAspectRatio(hash)).toBeLessThan(0.7);
    const { r, g, b, a } = thumbHashToAverageRGBA(hash);
    for (const value of [r, g, b]) expect(Math.abs(value - 0.5)).toBeLessThan(0.1);
    expect(a).toBe(1);
  });

  it.each(['JPEG, baseline', 'PNG', 'GIF, animated', 'WebP, animated', 'AVIF', 'TIFF'])('%s has one', async (name) => {
    const original = (await wholeImages()).get(name) ?? Buffer.alloc(0);
    expect(await maker.placeholder(original)).toMatch(/^[A-Za-z0-9+/]{4,60}={0,2}$/);
  });

  it('is also made for 16 bits, grey and CMYK', async () => {
    const pictures = [
      photo().toColourspace('rgb16').png(),
      photo().toColourspace('b-w').png(),
      photo().toColourspace('cmyk').withIccProfile('cmyk').jpeg(),
    ];
    for (const picture of pictures) {
      const hash = Buffer.from(await maker.placeholder(await picture.toBuffer()), 'base64');
      expect(Math.abs(thumbHashToAverageRGBA(hash).r - 0.5)).toBeLessThan(0.15);
    }
  });
});

describe('N8: an image that is too long for a format', () => {
  const long = async () => photo(20_000, 16).jpeg({ quality: 100 }).toBuffer();

  it.each(['webp', 'avif'] as const)('is refused with the reason if %s was requested by name', async (format) => {
    const error = await refusal(maker.make(await long(), spec({ format })));
    expect([error.code, error.status]).toEqual(['TOO_MANY_PIXELS', 422]);
    expect(error.message).toContain('20000 × 16');
    expect(error.message).toMatch(/1638[34] each way/);
    expect(error.hint).toContain('format=auto');
  });

  it.each(['webp', 'avif'] as const)('is served as it is if %s is only from `Accept`', async (format) => {
    expect(await maker.make(await long(), spec({ format, negotiated: true }))).toBeUndefined();
  });

  it('gets another format if the variant is smaller, but still too long', async () => {
    const { extension, metadata } = await make(await long(), { width: 18_000, format: 'webp', negotiated: true });
    expect({ extension, width: metadata.width }).toEqual({ extension: 'jpg', width: 18_000 });
  });

  it('gets the wanted format if the variant is small enough', async () => {
    const { extension } = await make(await long(), { width: 640, format: 'webp', negotiated: true });
    expect(extension).toBe('webp');
  });

  it('that cannot be decoded is served as it is, unless a format was requested by name', async () => {
    const webp = (await photo(40, 40).webp().toBuffer()).subarray(0, 60);
    expect(await maker.make(webp, spec({ width: 16 }))).toBeUndefined();
    expect(
      await maker.make(bomb(50_000, 50_000), spec({ width: 64, format: 'avif', negotiated: true })),
    ).toBeUndefined();
  });
});

it.each([1, 3, 5, 6, 8])('B18: the EXIF orientation %i of a WebP is ignored, as by browsers', async (orientation) => {
  const webp = await corners().withMetadata({ orientation }).webp({ lossless: true }).toBuffer();
  const { bytes, metadata } = await make(webp, { width: 40, format: 'png' });
  expect([metadata.width, metadata.height]).toEqual([40, 24]);
  expect(await cornersOf(bytes)).toEqual(CORNERS);
});

it('N6: a PNG that describes its colours in its own way is served as it is', async () => {
  const png = await photo(200, 200).png().toBuffer();
  const linear = insert(png, 33, pngChunk('gAMA', u32be(100_000)));
  expect(await maker.make(linear, spec({ width: 64, format: 'webp', negotiated: true }))).toBeUndefined();
  const usual = insert(png, 33, pngChunk('gAMA', u32be(45_455)));
  expect(await maker.make(usual, spec({ width: 64, format: 'webp', negotiated: true }))).toBeDefined();
});
