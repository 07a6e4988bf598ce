// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { isCut } from '../../../../components/uploads/prepare/isCut.ts';
import { sniff } from '../../../../components/uploads/prepare/sniff.ts';
import { stripPrivate } from '../../../../components/uploads/prepare/stripPrivate.ts';
import { isAnimated } from '../../../../components/uploads/prepare/isAnimated.ts';
import { cpuMs } from '../../../helpers/cpuMs.ts';
import { box, jpegSegment, pngChunk, text, u16be, u16le, u32be, u32le } from '../../../images/bytes.ts';
import { JXL_CODESTREAM, jxl } from '../../../images/fixtures.ts';
import { frames, pixels, placedExif } from './placedFiles.ts';

const SIZE = 2_000_000;
const JPEG = await pixels().jpeg().toBuffer();
const PNG = await pixels().png().toBuffer();
const GIF = await frames().gif().toBuffer();
const WEBP = await pixels().webp().toBuffer();
const FTYP = box('ftyp', text('avif'), u32be(0), text('avifmif1'));

/** `unit` again and again, to `SIZE` bytes. */
const many = (unit: Uint8Array): Buffer => Buffer.alloc(SIZE - (SIZE % unit.length), unit);
const exifSegment = (tiff: Uint8Array): Buffer => jpegSegment(0xe1, Buffer.concat([text('Exif\0\0'), tiff]));

function webpOf(chunk: Uint8Array): Buffer {
  const bytes = Buffer.concat([WEBP, many(chunk)]);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  return bytes;
}

/** Thousands of entries, each of which says that its value is all that there is. */
function overlappingExif(): Buffer {
  const size = 65_000;
  const count = 5000;
  const entry = Buffer.concat([u16le(0x9286), u16le(7), u32le(size - 8), u32le(8)]);
  const exif = Buffer.alloc(size);
  Buffer.concat([text('II*\0'), u32le(8), u16le(count), ...Array.from({ length: count }, () => entry)]).copy(exif);
  return exif;
}

/** Very many items of EXIF data, all of them the whole file. */
function overlappingItems(): Buffer {
  const count = 60_000;
  const infos = Array.from({ length: count }, (_, id) =>
    box('infe', Buffer.of(2, 0, 0, 0), u16be(id), u16be(0), text('Exif\0')),
  );
  const places = Array.from({ length: count }, (_, id) =>
    Buffer.concat([u16be(id), u16be(0), u16be(1), u32be(0), u32be(SIZE)]),
  );
  const iinf = box('iinf', u32be(0), u16be(count), ...infos);
  const iloc = box('iloc', u32be(0), Buffer.of(0x44, 0), u16be(count), ...places);
  return Buffer.concat([FTYP, box('meta', u32be(0), iinf, iloc), box('mdat', Buffer.alloc(SIZE))]);
}

/** Extents of no bytes, which take no room. */
function emptyExtents(): Buffer {
  const item = Buffer.concat([u16be(1), u16be(0), Buffer.of(0xff, 0xff)]);
  const count = 60_000;
  const iloc = box('iloc', u32be(0), Buffer.of(0, 0), u16be(count), ...Array.from({ length: count }, () => item));
  return Buffer.concat([FTYP, box('meta', u32be(0), box('iinf', u32be(0), u16be(0)), iloc), box('mdat')]);
}

const CRAFTED: [string, () => Buffer][] = [
  ['JPEG of stuffed bytes', () => Buffer.concat([JPEG.subarray(0, -2), many(Buffer.of(0xff, 0))])],
  ['JPEG of fill bytes', () => Buffer.concat([JPEG.subarray(0, 2), many(Buffer.of(0xff))])],
  ['JPEG of empty segments', () => Buffer.concat([JPEG.subarray(0, 2), many(Buffer.of(0xff, 0xe2, 0, 2))])],
  [
    'JPEG of segments of which every second one stays',
    () => Buffer.concat([JPEG.subarray(0, 2), many(Buffer.of(0xff, 0xe2, 0, 2, 0xff, 0xdb, 0, 2))]),
  ],
  ['JPEG of EXIF data', () => Buffer.concat([JPEG.subarray(0, 2), many(exifSegment(placedExif())), JPEG.subarray(2)])],
  ['JPEG of EXIF data that overlaps', () => Buffer.concat([JPEG.subarray(0, 2), many(exifSegment(overlappingExif()))])],
  ['PNG of empty chunks', () => Buffer.concat([PNG.subarray(0, -12), many(pngChunk('tEXt', Buffer.alloc(0)))])],
  ['PNG of a large eXIf', () => Buffer.concat([PNG.subarray(0, -12), pngChunk('eXIf', many(placedExif()))])],
  ['WebP of empty chunks', () => webpOf(Buffer.concat([text('abcd'), u32le(0)]))],
  ['GIF of sub-blocks of one byte', () => Buffer.concat([GIF.subarray(0, -2), many(Buffer.of(1, 1))])],
  ['GIF of extensions', () => Buffer.concat([GIF.subarray(0, -1), many(Buffer.of(0x21, 0xfe, 0))])],
  ['AVIF of boxes', () => Buffer.concat([FTYP, many(box('skip'))])],
  ['AVIF of boxes in its description', () => Buffer.concat([FTYP, box('meta', u32be(0), many(box('uuid')))])],
  ['AVIF of descriptions', () => Buffer.concat([FTYP, many(box('meta', u32be(0)))])],
  ['AVIF of tracks', () => Buffer.concat([FTYP, box('moov', many(box('trak', box('mdia'))))])],
  ['AVIF of items that overlap', overlappingItems],
  ['AVIF of extents of no bytes', emptyExtents],
  ['JPEG XL of boxes', () => jxl([box('jxlc', JXL_CODESTREAM), many(box('Exif'))])],
];

/** The time of the thread, not of the clock: the best of some, for the machine does other things and the code warms up. */
function bestCpuMs(run: () => unknown): number {
  const times = Array.from({ length: 2 }, () => {
    const start = cpuMs();
    run();
    return cpuMs() - start;
  });
  return Math.min(...times);
}

describe('however a file is made, it takes time in proportion to its size', () => {
  test.each(CRAFTED)('%s, 2 MB', (_name, make) => {
    const bytes = new Uint8Array(make());
    const family = sniff(bytes)?.family;
    expect(family).toBeDefined();
    expect(bestCpuMs(() => stripPrivate(bytes, 'gps'))).toBeLessThan(250);
    expect(bestCpuMs(() => family && isCut(bytes, family))).toBeLessThan(250);
    expect(bestCpuMs(() => family && isAnimated(bytes, family))).toBeLessThan(250);
  });
});
