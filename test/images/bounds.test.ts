import { describe, expect, test } from 'vitest';
import { ImageCacheError } from '../../plugin/errors.ts';
import { cpuMs } from '../helpers/cpuMs.ts';
import { exif, jpegSegment, pngChunk, text, u16be, u32be, u32le } from './bytes.ts';
import { picture } from './fixtures.ts';
import { inspectAlone } from './inspectAlone.ts';

const MB = 1_000_000;
const JPEG = await picture().jpeg().toBuffer();
const PNG = await picture().png().toBuffer();
const GIF = await picture().gif().toBuffer();
const WEBP = await picture().webp().toBuffer();
const AVIF_FTYP = Buffer.concat([u32be(24), text('ftypavif'), u32be(0), text('avifmif1')]);
const EMPTY_PNG_CHUNK = pngChunk('abCd', Buffer.alloc(0));
const FREE_BOX = Buffer.concat([u32be(8), text('free')]);

/** `unit` again and again, to so many bytes. */
const many = (unit: Uint8Array, size: number) => Buffer.alloc(size - (size % unit.length), unit);
const headless = (jpeg: Buffer) => jpeg.subarray(0, -2);

function webpOf(chunk: Uint8Array, size: number): Buffer {
  const bytes = Buffer.concat([WEBP, many(chunk, size)]);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  return bytes;
}

/** A count of one, and an entry of one strip. */
const ENTRY = Buffer.concat([u16be(1), u16be(273), u16be(4), u32be(1), u32be(0)]);

/** Every 18 bytes a directory of one entry, which points at the next one. */
function chainedTiff(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  bytes.write('MM\0*', 'latin1');
  bytes.writeUInt32BE(8, 4);
  for (let at = 8; at + 18 < size; at += 18) {
    bytes.set(ENTRY, at);
    bytes.writeUInt32BE(at + 18, at + 14);
  }
  return bytes;
}

function tiffOfOneDirectory(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  text('MM\0+\0\x08\0\0').copy(bytes);
  bytes.writeBigUInt64BE(16n, 8);
  bytes.writeBigUInt64BE(BigInt(Math.floor(size / 20) - 4), 16);
  bytes.fill(Buffer.concat([u16be(400), u16be(4), u32be(0), u32be(1), u32be(0), u32be(0)]), 24);
  return bytes;
}

function tiffOfManyStrips(size: number): Buffer {
  const count = u32be(Math.floor(size / 4) - 100);
  const entry = (tag: number) => Buffer.concat([u16be(tag), u16be(4), count, u32be(100)]);
  const bytes = Buffer.alloc(size);
  Buffer.concat([text('MM\0*'), u32be(8), u16be(2), entry(273), entry(279)]).copy(bytes);
  return bytes;
}

/** 65,535 pictures, all of them the same PNG of very many chunks. */
function crowdedIco(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  text('\0\0\x01\0\xff\xff').copy(bytes);
  const start = 6 + 16 * 65_535;
  bytes.fill(Buffer.concat([Buffer.alloc(8), u32le(100), u32le(start)]), 6, start);
  Buffer.concat([PNG.subarray(0, -12), many(EMPTY_PNG_CHUNK, size - start - PNG.length)]).copy(bytes, start);
  return bytes;
}

const CRAFTED: [name: string, make: (size: number) => Buffer][] = [
  ['WebP of empty chunks', (size) => webpOf(Buffer.concat([text('abcd'), u32le(0)]), size)],
  ['PNG of empty chunks', (size) => Buffer.concat([PNG.subarray(0, -12), many(EMPTY_PNG_CHUNK, size)])],
  ['JPEG of fill bytes', (size) => Buffer.concat([JPEG.subarray(0, 2), Buffer.alloc(size, 0xff)])],
  ['JPEG of stuffed bytes', (size) => Buffer.concat([headless(JPEG), many(Buffer.of(0xff, 0), size)])],
  [
    'JPEG of stuffed bytes far enough apart',
    (size) => Buffer.concat([headless(JPEG), many(Buffer.concat([Buffer.of(0xff, 0), Buffer.alloc(33)]), size)]),
  ],
  ['JPEG of empty segments', (size) => Buffer.concat([JPEG.subarray(0, 2), many(Buffer.of(0xff, 0xe2, 0, 2), size)])],
  [
    'JPEG of EXIF data',
    (size) => {
      const data = Buffer.concat([text('Exif\0\0MM\0*'), u32be(8), Buffer.of(0xff, 0xff), Buffer.alloc(60_000)]);
      return Buffer.concat([JPEG.subarray(0, 2), many(jpegSegment(0xe1, data), size)]);
    },
  ],
  ['JPEG with many behind it', (size) => Buffer.concat([JPEG, many(Buffer.of(0xff, 0xd8, 0xff, 0xd9), size)])],
  ['JPEG with padding', (size) => Buffer.concat([JPEG, Buffer.alloc(size)])],
  ['GIF of sub-blocks of one byte', (size) => Buffer.concat([GIF.subarray(0, -2), many(Buffer.of(1, 1), size)])],
  ['GIF of extensions', (size) => Buffer.concat([GIF.subarray(0, -1), many(Buffer.of(0x21, 0xf9, 0), size)])],
  ['TIFF of directories', chainedTiff],
  ['TIFF of one directory', tiffOfOneDirectory],
  ['TIFF of strips', tiffOfManyStrips],
  ['AVIF of boxes', (size) => Buffer.concat([AVIF_FTYP, many(FREE_BOX, size)])],
  [
    'AVIF of boxes in its description',
    (size) => {
      const boxes = many(FREE_BOX, size);
      return Buffer.concat([AVIF_FTYP, u32be(boxes.length + 12), text('meta'), u32be(0), boxes]);
    },
  ],
  [
    'AVIF of tracks',
    (size) => {
      const tracks = many(Buffer.concat([u32be(16), text('trak'), u32be(8), text('mdia')]), size);
      return Buffer.concat([AVIF_FTYP, u32be(tracks.length + 8), text('moov'), tracks]);
    },
  ],
  ['ICO of pictures', crowdedIco],
  ['JPEG XL of boxes', (size) => Buffer.concat([text('\0\0\0\x0cJXL \r\n\x87\n'), many(FREE_BOX, size)])],
  ['SVG of tags', (size) => Buffer.concat([text('<svg>'), many(text('<g>'), size)])],
  ['SVG with a quote that never ends', (size) => Buffer.concat([text('<svg><g a="'), Buffer.alloc(size, 0x61)])],
];

/** The time of the thread, not of the clock: the best of some, for the machine does other things and the code warms up. */
function bestCpuMs(bytes: Buffer): number {
  const times = Array.from({ length: 8 }, () => {
    const start = cpuMs();
    try {
      inspectAlone(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(ImageCacheError);
    }
    return cpuMs() - start;
  });
  return Math.min(...times);
}

/** Several times what they take here, and a tenth of what they took without the bounds. */
const GENEROUS = 4;

describe('inspecting any file blocks the event loop only for a moment', () => {
  test.each(CRAFTED)('N4: %s, 8 MB', (_name, make) => {
    expect(bestCpuMs(make(7.9 * MB))).toBeLessThan(10 * GENEROUS);
  });

  test.each(CRAFTED)('S13: %s, 50 MB', (_name, make) => {
    expect(bestCpuMs(make(50 * MB))).toBeLessThan(50 * GENEROUS);
  });
});

describe('N4: normal files stay far below the limits', () => {
  test('a JPEG of noise at the best quality, in which stuffed bytes are most frequent', async () => {
    const size = 1500;
    let seed = 1;
    const noise = Buffer.alloc(size * size * 3).map(() => (seed = (seed * 48_271) % 2_147_483_647) & 0xff);
    const { default: sharp } = await import('sharp');
    const raw = { width: size, height: size, channels: 3 } as const;
    const jpeg = await sharp(noise, { raw }).jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer();
    expect(jpeg.length).toBeGreaterThan(5 * MB);
    expect(inspectAlone(jpeg)).toMatchObject({ width: size });
  });

  test('a PNG in chunks of 8 kB, and one of a thousand tiny ones', () => {
    const pixels = (length: number) => pngChunk('IDAT', Buffer.alloc(length));
    const header = PNG.subarray(0, 33);
    const end = PNG.subarray(-12);
    expect(inspectAlone(Buffer.concat([header, many(pixels(8192), 40 * MB), end])).width).toBeGreaterThan(0);
    expect(inspectAlone(Buffer.concat([header, many(pixels(1), 1000 * 13), end])).width).toBeGreaterThan(0);
  });

  test('a JPEG with a megabyte of profile and of XMP in segments of the largest size', () => {
    const segments = many(jpegSegment(0xe2, Buffer.alloc(65_000)), 20 * MB);
    const upright = jpegSegment(0xe1, Buffer.concat([text('Exif\0\0'), exif(6)]));
    const jpeg = Buffer.concat([JPEG.subarray(0, 2), segments, upright, JPEG.subarray(2)]);
    expect(inspectAlone(jpeg)).toMatchObject({ width: 24, height: 40 });
  });
});
