// @vitest-environment node
import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { prepare, type PreparedImage, type PrepareOptions } from '../../../../components/uploads/prepare/prepare.ts';
import { frames, pixels, placedHeic, placedJpeg, tracesIn, withPlace } from './placedFiles.ts';

const JPEG = await pixels(400, 300).jpeg().toBuffer();

async function prepared(bytes: Uint8Array, options?: PrepareOptions): Promise<PreparedImage> {
  const result = await prepare(new Uint8Array(bytes), options);
  if ('blocked' in result) throw new Error(result.blocked);
  return result;
}

describe('without a canvas', () => {
  test('the place goes, unless told otherwise, and the hash is that of what is left', async () => {
    const result = await prepared(placedJpeg(JPEG, 6));
    expect(tracesIn(result.bytes)).toEqual([]);
    expect(result).toMatchObject({ type: 'image/jpeg', ext: 'jpg', changed: true, warnings: [] });
    expect(result.sha256).toBe(createHash('sha256').update(result.bytes).digest('hex'));
    expect(await prepared(result.bytes)).toMatchObject({ changed: false, sha256: result.sha256 });
  });

  test('with none, all of it is sent as it is', async () => {
    const picture = placedJpeg(JPEG);
    const { bytes, changed } = await prepared(picture, { strip: 'none' });
    expect([Buffer.from(bytes).equals(picture), changed]).toEqual([true, false]);
  });

  test('where the place cannot be removed, it is not sent, unless told to', async () => {
    const tiff = new Uint8Array(await pixels().tiff().toBuffer());
    expect(await prepare(tiff)).toEqual({ blocked: expect.stringMatching(/could not be removed.*TIFF/) });
    expect(await prepare(tiff, { strip: 'none' })).toMatchObject({ ext: 'tiff', changed: false });
  });

  test('what is no image is not sent at all', async () => {
    const text = new TextEncoder().encode('no image');
    expect(await prepare(text, { strip: 'none' })).toEqual({ blocked: expect.stringMatching(/not an image/) });
  });

  test('a picture that is cut is sent with a warning', async () => {
    const { warnings } = await prepared(JPEG.subarray(0, -300));
    expect(warnings.map(({ code }) => code)).toEqual(['CUT_IMAGE']);
  });

  test('of a HEIC it is said who shows it, and what to do', async () => {
    const { warnings } = await prepared(placedHeic());
    expect(warnings).toEqual([{ code: 'HEIC_NOT_SHOWN', message: expect.stringMatching(/Most Compatible/) }]);
  });

  test('what this browser cannot decode is sent in its own size, without its place', async () => {
    vi.stubGlobal('createImageBitmap', () => Promise.reject(new DOMException('', 'InvalidStateError')));
    const { bytes, warnings } = await prepared(placedHeic(), { maxEdge: 10 });
    expect(warnings.map(({ code }) => code)).toEqual(['NOT_REENCODED', 'HEIC_NOT_SHOWN']);
    expect(tracesIn(bytes)).toEqual([]);
  });
});

/** What was asked of the stand-ins below. */
interface Asked {
  closed: number;
  fills: unknown[];
  types: string[];
}

/** A browser's decoder and canvas, which can write `writes` and gives a PNG in place of all else, as Safari does. */
function standIn(writes = ['image/jpeg', 'image/png', 'image/webp']): Asked {
  const asked: Asked = { closed: 0, fills: [], types: [] };
  interface Picture {
    pixels: Buffer;
    width: number;
    height: number;
  }
  vi.stubGlobal('createImageBitmap', async (blob: Blob) => {
    const { data, info } = await sharp(await blob.arrayBuffer())
      .rotate()
      .png()
      .toBuffer({ resolveWithObject: true });
    return { pixels: data, width: info.width, height: info.height, close: () => void asked.closed++ };
  });
  class Canvas {
    #drawn: Promise<Buffer> | undefined;
    getContext() {
      return {
        fillRect: (...fill: unknown[]) => void asked.fills.push(fill),
        drawImage: ({ pixels }: Picture, _x: number, _y: number, width: number, height: number) => {
          this.#drawn = sharp(pixels).resize(width, height, { fit: 'fill' }).png().toBuffer();
        },
      };
    }
    toBlob(give: (blob: Blob) => void, type: string, quality: number) {
      asked.types.push(type);
      const made = writes.includes(type) ? type : 'image/png';
      const format = made === 'image/jpeg' ? 'jpeg' : made === 'image/webp' ? 'webp' : 'png';
      const encode = async (): Promise<Blob> => {
        const bytes = await sharp(await this.#drawn)
          .toFormat(format, { quality: quality * 100 })
          .toBuffer();
        return new Blob([new Uint8Array(bytes)], { type: made });
      };
      void encode().then(give);
    }
  }
  vi.stubGlobal('document', { createElement: () => new Canvas() });
  return asked;
}

describe('with a canvas', () => {
  let asked: Asked;
  beforeEach(() => {
    asked = standIn();
  });
  afterEach(() => {
    expect(asked.closed).toBeLessThanOrEqual(1);
    vi.unstubAllGlobals();
  });

  test('the longer edge is shortened, as it is shown, and no metadata is left', async () => {
    const { bytes, type, ext, changed } = await prepared(placedJpeg(JPEG, 6), { maxEdge: 100 });
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 75, height: 100, format: 'jpeg' });
    expect({ type, ext, changed }).toEqual({ type: 'image/jpeg', ext: 'jpg', changed: true });
    expect((await sharp(bytes).metadata()).exif).toBeUndefined();
    expect(asked).toMatchObject({ closed: 1, types: ['image/jpeg'], fills: [[0, 0, 75, 100]] });
  });

  test('a picture is never enlarged, and one that is small enough is not encoded anew', async () => {
    expect(await prepared(JPEG, { maxEdge: 4000 })).toMatchObject({ changed: false });
    expect(asked.types).toEqual([]);
  });

  test('a format is kept if a canvas can write it, with its transparency', async () => {
    const png = await sharp({ create: { width: 300, height: 200, channels: 4, background: '#0000' } })
      .png()
      .toBuffer();
    expect(await prepared(png, { maxEdge: 100 })).toMatchObject({ type: 'image/png', ext: 'png' });
    expect(asked.fills).toEqual([]);
    expect(await prepared(png, { format: 'jpeg' })).toMatchObject({ type: 'image/jpeg' });
    expect(asked.fills).toHaveLength(1);
    asked.closed = 0;
  });

  test('what is encoded anew in the same format and size, and is larger then, is left as it is', async () => {
    const small = await sharp(JPEG).jpeg({ quality: 10 }).toBuffer();
    expect(await prepared(small, { format: 'jpeg', quality: 1 })).toMatchObject({ changed: false });
    const large = await sharp(JPEG).jpeg({ quality: 100 }).toBuffer();
    expect(await prepared(large, { format: 'jpeg', quality: 0.3 })).toMatchObject({ changed: true });
    asked.closed = 0;
  });

  test('a browser that cannot write WebP makes a JPEG of a JPEG, and a PNG of what may be transparent', async () => {
    asked = standIn(['image/jpeg', 'image/png']);
    expect(await prepared(JPEG, { format: 'webp' })).toMatchObject({ type: 'image/jpeg', ext: 'jpg' });
    const png = await pixels(60, 40).png().toBuffer();
    expect(await prepared(png, { format: 'webp', maxEdge: 50 })).toMatchObject({ type: 'image/png', ext: 'png' });
    asked.closed = 0;
  });

  test.each([
    ['GIF', frames().gif()],
    ['WebP', frames().webp()],
  ])('a %s that moves is not flattened', async (_name, picture) => {
    const bytes = await withPlace(picture, 1).toBuffer();
    const result = await prepared(bytes, { maxEdge: 10, format: 'jpeg' });
    expect((await sharp(result.bytes, { animated: true }).metadata()).pages).toBe(3);
    expect(asked.types).toEqual([]);
  });

  test('what is too large for the canvas of a phone is not drawn', async () => {
    const large = await sharp({ create: { width: 5000, height: 4000, channels: 3, background: 'red' } })
      .jpeg()
      .toBuffer();
    const { changed, warnings } = await prepared(large, { format: 'webp' });
    expect([changed, warnings.map(({ code }) => code)]).toEqual([false, ['NOT_REENCODED']]);
  });
});
