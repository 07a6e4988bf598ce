// @vitest-environment node
import { crc32, deflateSync } from 'node:zlib';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, test } from 'vitest';
import { stripPrivate } from '../../../../components/uploads/prepare/stripPrivate.ts';
import { readOrientation } from '../../../../plugin/images/exif.ts';
import { inspectImage } from '../../../../plugin/images/index.ts';
import { box, insert, jpegSegment, pngChunk, text, u32le } from '../../../images/bytes.ts';
import { apng, bmp, ico, JXL_CODESTREAM, jxl, wholeImages } from '../../../images/fixtures.ts';
import { mutations } from '../../../images/mutations.ts';
import {
  CAMERA,
  frames,
  pixels,
  PLACE,
  placedExif,
  placedGif,
  placedHeic,
  placedJpeg,
  placedPng,
  placedSequence,
  TAKEN,
  tracesIn,
  withPlace,
} from './placedFiles.ts';

type Strip = 'gps' | 'all';

function strip(bytes: Uint8Array, mode: Strip = 'gps') {
  return stripPrivate(new Uint8Array(bytes), mode);
}

/** What is left of a picture. */
function stripped(bytes: Uint8Array, mode: Strip = 'gps'): Buffer {
  const result = strip(bytes, mode);
  if ('blocked' in result) throw new Error(result.blocked);
  return Buffer.from(result.bytes);
}

/** All that a decoder makes of it: as stored, each frame, without applying the orientation. */
async function decoded(bytes: Uint8Array): Promise<unknown> {
  const { data, info } = await sharp(bytes, { animated: true }).raw().toBuffer({ resolveWithObject: true });
  const { orientation, icc, pages, delay, loop } = await sharp(bytes, { animated: true }).metadata();
  return { data: data.toString('base64'), info, icc: icc?.toString('base64'), orientation, pages, delay, loop };
}

const ORIENTATIONS = [1, 2, 3, 4, 5, 6, 7, 8];
const MODES: Strip[] = ['gps', 'all'];
const JPEG = await pixels().jpeg().toBuffer();
const PNG = await pixels().png().toBuffer();
const GIF = await frames().gif().toBuffer();
const MOVING_WEBP = await withPlace(frames(), 1).webp().toBuffer();
const PROGRESSIVE = await pixels().jpeg({ progressive: true }).toBuffer();
const TIFF = await pixels().tiff().toBuffer();
const HEX_EXIF = deflateSync(text(`\nexif\n 1\n${text(`Exif\0\0II*\0${PLACE}`).toString('hex')}`));

/** What real encoders write, by the format. */
const ENCODERS: [string, (picture: Sharp) => Sharp][] = [
  ['JPEG', (it) => it.jpeg()],
  ['JPEG, progressive', (it) => it.jpeg({ progressive: true })],
  ['PNG', (it) => it.png()],
  ['PNG, interlaced', (it) => it.png({ progressive: true })],
  ['WebP', (it) => it.webp()],
  ['WebP, lossless', (it) => it.webp({ lossless: true })],
  ['AVIF', (it) => it.avif({ effort: 0 })],
];

/** What phones and editors write, which sharp does not. */
const BY_HAND: [string, (orientation: number) => Buffer][] = [
  ['JPEG with all kinds of metadata', (it) => placedJpeg(JPEG, it)],
  ['JPEG, big-endian', (it) => placedJpeg(JPEG, it, 'big')],
  ['PNG with all kinds of metadata', (it) => placedPng(PNG, it, HEX_EXIF)],
  ['APNG', (it) => placedPng(apng(PNG), it, HEX_EXIF)],
];

describe.each(MODES)('%s goes', (mode) => {
  describe.each(ORIENTATIONS)('orientation %i', (orientation) => {
    test.each(ENCODERS)('%s: the same pixels, orientation and profile, and no place', async (_name, encode) => {
      const before = await encode(withPlace(pixels(), orientation)).toBuffer();
      expect(tracesIn(before)).not.toEqual([]);
      const after = stripped(before, mode);
      expect(tracesIn(after)).toEqual([]);
      expect(await decoded(after)).toEqual(await decoded(before));
      expect((await sharp(after).metadata()).icc).toBeDefined();
      expect(inspectImage(after, 'structure')).toEqual(inspectImage(before, 'structure'));
      expect(strip(after, mode)).toMatchObject({ changed: false });
    });

    test.each(BY_HAND)('%s: the same pixels, orientation and profile, and no place', async (_name, make) => {
      const before = make(orientation);
      const after = stripped(before, mode);
      expect(tracesIn(after)).toEqual([]);
      expect(await decoded(after)).toEqual(await decoded(before));
      expect(inspectImage(after, 'structure')).toEqual(inspectImage(before, 'structure'));
      expect(strip(after, mode)).toMatchObject({ changed: false });
    });
  });

  test.each([
    ['GIF', placedGif(GIF)],
    ['WebP', MOVING_WEBP],
  ])('an animated %s keeps its frames, their times and how often they run', async (_name, before) => {
    const after = stripped(before, mode);
    expect(tracesIn(after)).toEqual([]);
    expect(await decoded(after)).toEqual(await decoded(before));
    expect(inspectImage(after, 'structure')).toMatchObject({ animated: true });
  });

  test.each([
    ['HEIC', placedHeic()],
    ['HEIC with a box of the maker in the middle', placedHeic({ more: [box('sefd', text(PLACE)), box('mdat')] })],
    ['HEIC, its data within its description', placedHeic({ method: 1 })],
    ['animated AVIF', placedSequence()],
  ])('%s: nothing moves, and no place is left', (_name, before) => {
    const after = stripped(before, mode);
    expect(tracesIn(before)).not.toEqual([]);
    expect(tracesIn(after)).toEqual([]);
    expect(after.indexOf('mdat')).toBe(before.indexOf('mdat'));
    expect(inspectImage(after, 'structure')).toEqual(inspectImage(before, 'structure'));
    expect(strip(after, mode)).toMatchObject({ changed: false });
  });

  test('a JPEG XL keeps its codestream only', () => {
    const before = jxl([box('Exif', placedExif()), box('jxlc', JXL_CODESTREAM), box('brob', text(`xml ${PLACE}`))]);
    expect(stripped(before, mode)).toEqual(jxl([box('jxlc', JXL_CODESTREAM)]));
  });
});

test('the rest of the EXIF data is kept for gps, and only then', async () => {
  const pictures = [
    placedJpeg(JPEG, 6),
    placedPng(PNG, 6, HEX_EXIF),
    placedHeic(),
    await withPlace(pixels(), 6).webp().toBuffer(),
    await withPlace(pixels(), 6).avif({ effort: 0 }).toBuffer(),
  ];
  for (const picture of pictures) {
    for (const words of [CAMERA, TAKEN]) {
      expect(stripped(picture, 'gps').includes(words)).toBe(true);
      expect(stripped(picture, 'all').includes(words)).toBe(false);
    }
  }
});

test('what other readers make of the EXIF data that is left', async () => {
  const { exif, orientation } = await sharp(stripped(placedJpeg(JPEG, 6))).metadata();
  expect(orientation).toBe(6);
  expect(readOrientation(exif ?? Buffer.alloc(0))).toBe(6);
  expect(exif?.includes('\x69\x87', 0, 'latin1')).toBe(true);
  expect(exif?.includes('\x25\x88', 0, 'latin1')).toBe(false);
});

test('nothing is left behind the first end of a JPEG', () => {
  const after = stripped(placedJpeg(JPEG, 1));
  expect(after.indexOf('\xff\xd9', 0, 'latin1')).toBe(after.length - 2);
  expect(after.includes('MPF')).toBe(false);
});

describe('in unusual places', () => {
  const exifSegment = jpegSegment(0xe1, Buffer.concat([text('Exif\0\0'), placedExif({ orientation: 3 })]));

  test.each([
    ['EXIF data between the scans of a progressive JPEG', PROGRESSIVE.lastIndexOf('\xff\xda', undefined, 'latin1')],
    ['EXIF data right before the end of a JPEG', PROGRESSIVE.length - 2],
  ])('%s', async (_name, at) => {
    const before = insert(PROGRESSIVE, at, exifSegment);
    expect(tracesIn(stripped(before))).toEqual([]);
    expect(await decoded(stripped(before))).toEqual(await decoded(before));
  });

  test('a second block of EXIF data', async () => {
    const before = insert(placedJpeg(JPEG, 6), 2, exifSegment);
    expect(tracesIn(stripped(before))).toEqual([]);
    expect(await decoded(stripped(before))).toEqual(await decoded(before));
  });

  test('bytes between the segments', () => {
    const before = insert(JPEG, 4 + JPEG.readUInt16BE(4), text(PLACE));
    expect(stripped(before)).toEqual(JPEG);
  });

  test('EXIF data behind the pixels of a PNG', async () => {
    const before = insert(PNG, PNG.length - 12, pngChunk('eXIf', placedExif({ orientation: 6 })));
    expect(tracesIn(stripped(before))).toEqual([]);
    expect(await decoded(stripped(before))).toEqual(await decoded(before));
  });

  test('EXIF data of a WebP, with and without the prefix of JPEG, and bytes behind its end', () => {
    const at = MOVING_WEBP.indexOf('EXIF');
    const data = MOVING_WEBP.subarray(0, at);
    for (const prefix of ['', 'Exif\0\0']) {
      const exif = Buffer.concat([text(prefix), placedExif({ orientation: 6 })]);
      const whole = Buffer.concat([data, text('EXIF'), u32le(exif.length), exif, Buffer.alloc(exif.length % 2)]);
      whole.writeUInt32LE(whole.length - 8, 4);
      const after = stripped(Buffer.concat([whole, text(PLACE)]));
      expect(tracesIn(after)).toEqual([]);
      expect(after.includes(CAMERA)).toBe(true);
      expect(after.readUInt32LE(4)).toBe(after.length - 8);
    }
  });
});

describe('in segments and chunks that are needed, behind what is needed of them', () => {
  const jfif = Buffer.concat([text('JFIF\0'), Buffer.of(1, 2, 1, 0, 72, 0, 72)]);

  test('the thumbnail of a JFIF header, which may show what was cut away', async () => {
    const pixel = text(PLACE).subarray(0, 12);
    const before = insert(JPEG, 2, jpegSegment(0xe0, Buffer.concat([jfif, Buffer.of(2, 2), pixel])));
    const after = stripped(before);
    expect(after.includes(pixel)).toBe(false);
    expect(after).toEqual(insert(JPEG, 2, jpegSegment(0xe0, Buffer.concat([jfif, Buffer.of(0, 0)]))));
    expect(await decoded(after)).toEqual(await decoded(before));
    expect(strip(after)).toMatchObject({ changed: false });
  });

  test('the rest of an Adobe segment, whose last byte in use says how colours are coded', async () => {
    const adobe = Buffer.concat([text('Adobe'), Buffer.of(0, 100, 0, 0, 0, 0, 1)]);
    const before = insert(JPEG, 2, jpegSegment(0xee, Buffer.concat([adobe, text(PLACE)])));
    expect(stripped(before)).toEqual(insert(JPEG, 2, jpegSegment(0xee, adobe)));
  });

  test('a PNG chunk of a vendor that says of itself that it is needed', () => {
    expect(stripped(insert(PNG, PNG.length - 12, pngChunk('LOCA', text(PLACE))))).toEqual(PNG);
    const ofApple = insert(PNG, 8, pngChunk('CgBI', Buffer.alloc(4)));
    expect(stripped(ofApple)).toEqual(ofApple);
  });
});

describe('a file in which no picture is found is left whole, and its user is asked: what is kept of it would be nothing', () => {
  const noSize = Buffer.from(MOVING_WEBP);
  noSize.writeUInt32LE(0, 4);
  test.each([
    ['a JPEG with two beginnings', Buffer.concat([JPEG.subarray(0, 2), JPEG])],
    ['a WebP of a writer that did not go back to write its size', noSize],
    ['a JPEG that is cut before its pixels', JPEG.subarray(0, JPEG.indexOf('\xff\xda', 0, 'latin1'))],
    ['a PNG that is cut before its pixels', PNG.subarray(0, PNG.indexOf('IDAT') - 4)],
    [
      'a GIF that ends before its first frame',
      Buffer.concat([GIF.subarray(0, 13 + 3 * 2 ** (((GIF[10] ?? 0) % 8) + 1)), Buffer.of(0x3b)]),
    ],
  ])('%s', (_name, bytes) => {
    expect(strip(bytes)).toEqual({ blocked: expect.stringMatching(/no picture is found in it/) });
  });
});

test('a picture that begins before the first one has ended goes, too', () => {
  const after = stripped(Buffer.concat([JPEG.subarray(0, -2), placedJpeg(JPEG)]));
  expect(after).toEqual(JPEG.subarray(0, -2));
});

test('a cut JPEG keeps what there is of it', () => {
  const cut = placedJpeg(JPEG, 6).subarray(0, placedJpeg(JPEG, 6).indexOf('\xff\xd9', 0, 'latin1') - 100);
  const after = stripped(cut);
  expect(tracesIn(after)).toEqual([]);
  expect(after.subarray(-200)).toEqual(cut.subarray(-200));
});

test('the checksums of a PNG are right', () => {
  const after = stripped(placedPng(PNG, 6, HEX_EXIF));
  for (let at = 8; at < after.length;) {
    const length = after.readUInt32BE(at);
    expect(crc32(after.subarray(at + 4, at + 8 + length))).toBe(after.readUInt32BE(at + 8 + length));
    at += length + 12;
  }
});

test.each(MODES)('the header of a WebP says what is in it after %s has gone', async (mode) => {
  const after = stripped(await withPlace(pixels(), 6).webp().toBuffer(), mode);
  expect(after.readUInt32LE(4)).toBe(after.length - 8);
  const flags = after.readUInt8(20);
  expect(flags & 0x04).toBe(0);
  expect((flags & 0x08) !== 0).toBe(after.includes('EXIF'));
  expect(flags & 0x20).toBe(0x20);
});

test('the EXIF data of a HEIC, whose room cannot be given back, can still be read', () => {
  const after = stripped(placedHeic(), 'all');
  const before = placedHeic();
  const at = before.indexOf('Exif\0\0MM', 0, 'latin1') - 4;
  expect(readOrientation(after.subarray(at + 4))).toBe(6);
  expect(after.readUInt32BE(at)).toBe(0);
});

test('orientation in EXIF data that has no room for an end is kept', async () => {
  const exif = Buffer.concat([text('Exif\0\0II*\0'), u32le(8), Buffer.from('010012010300010000000600', 'hex')]);
  const jpeg = insert(JPEG, 2, jpegSegment(0xe1, Buffer.concat([exif, Buffer.of(0, 0)])));
  expect((await sharp(stripped(jpeg)).metadata()).orientation).toBe(6);
});

describe('what is clean stays as it is, to the byte', () => {
  test('each kind of picture without metadata', async () => {
    const clean = [...(await wholeImages())].filter(([name]) => !/EXIF|SVG|TIFF|HEIC/.test(name));
    expect(clean.length).toBeGreaterThan(14);
    for (const [name, bytes] of clean) {
      const raw = new Uint8Array(bytes);
      const result = stripPrivate(raw, 'all');
      expect(result, name).toEqual({ bytes: raw, changed: false });
      expect('bytes' in result && result.bytes === raw, name).toBe(true);
    }
  });

  test('BMP and ICO, unless it has a picture that has some', () => {
    expect(strip(bmp())).toMatchObject({ changed: false });
    expect(strip(ico([PNG]))).toMatchObject({ changed: false });
    expect(strip(ico([placedPng(PNG, 1, HEX_EXIF)]))).toEqual({ blocked: expect.stringMatching(/icon/) });
  });
});

describe('where it is not possible, that is said in words', () => {
  test.each([
    ['a TIFF', TIFF, /TIFF/],
    ['a HEIC with an item of an unknown kind', placedHeic({ kind: 'abcd' }), /unknown kind \(abcd\)/],
    ['a HEIC whose metadata has no end', placedHeic({ isOpenEnded: true }), /unusual place/],
    ['a sequence with a track of places', placedSequence({ handler: 'meta' }), /track of an unknown kind/],
    [
      'a JPEG with a segment of no length',
      Buffer.concat([JPEG.subarray(0, 2), Buffer.of(0xff, 0xe1, 0, 0), JPEG]),
      /damaged/,
    ],
    ['a PNG with a chunk without a name', Buffer.concat([PNG.subarray(0, -12), Buffer.alloc(20)]), /damaged/],
    ['a GIF with a block of no kind', Buffer.concat([GIF.subarray(0, -1), Buffer.of(7)]), /damaged/],
    ['a HEIC without a description', box('ftyp', text('heic\0\0\0\0mif1heic')), /damaged/],
    ['text', text('no picture at all'), /not an image/],
    ['nothing', Buffer.alloc(0), /not an image/],
  ])('%s', (_name, bytes, why) => {
    const result = strip(bytes);
    expect('blocked' in result && result.blocked).toMatch(why);
  });
});

/** Small ones of each kind, full of places. */
const SMALL: [string, Buffer][] = [
  ['JPEG', placedJpeg(JPEG, 6)],
  ['PNG', placedPng(PNG, 6, HEX_EXIF)],
  ['WebP', await withPlace(pixels(), 6).webp().toBuffer()],
  ['WebP, animated', MOVING_WEBP],
  ['GIF', placedGif(GIF)],
  ['AVIF', await withPlace(pixels(), 6).avif({ effort: 0 }).toBuffer()],
  ['HEIC', placedHeic()],
  ['AVIF, animated', placedSequence()],
  ['JPEG XL', jxl([box('Exif', placedExif()), box('jxlc', JXL_CODESTREAM)])],
];

describe('however a file is damaged, nothing is thrown', () => {
  test.each(SMALL)('a %s that is cut at any byte has no place left in it', (_name, bytes) => {
    for (let length = 0; length < bytes.length; length++) {
      const result = strip(bytes.subarray(0, length));
      if ('bytes' in result) expect(tracesIn(result.bytes), `${length} bytes`).toEqual([]);
    }
  });

  test.each(SMALL)('a %s with bytes that are changed', (_name, bytes) => {
    for (const mutation of mutations(bytes, { count: 1000, seed: 13 })) {
      for (const mode of MODES) {
        const result = strip(mutation, mode);
        if ('bytes' in result && result.changed) expect(strip(result.bytes, mode)).not.toMatchObject({ changed: true });
      }
    }
  });
});
