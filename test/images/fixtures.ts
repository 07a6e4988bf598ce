import sharp, { type Sharp } from 'sharp';
import { box, exif, insert, jpegSegment, pngChunk, text, u16be, u16le, u32be, u32le } from './bytes.ts';

export const WIDTH = 40;
export const HEIGHT = 24;

/** A picture that no encoder can make trivially small. */
export function picture(): Sharp {
  const data = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let i = 0; i < data.length; i++) data[i] = (i * i * 31) % 253;
  return sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
}

/** Three frames, one below the other. */
function animation(): Sharp {
  const pageHeight = HEIGHT / 3;
  const data = Buffer.alloc(WIDTH * HEIGHT * 3);
  for (let i = 0; i < data.length; i++) data[i] = (i * i * 17 + Math.floor(i / (WIDTH * pageHeight * 3)) * 80) % 253;
  return sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels: 3, pageHeight } });
}

const SVG = text(
  '<?xml version="1.0"?><!-- > --><svg xmlns="http://www.w3.org/2000/svg" width="40" height="24">' +
    `<g data-note="</svg>"><svg/><path d="${'M1 2l3 4 '.repeat(200)}"/></g><![CDATA[</svg>]]></svg>`,
);

/** Small whole images of every kind, by name. */
export async function wholeImages(): Promise<Map<string, Uint8Array>> {
  const jpeg = await picture().jpeg().toBuffer();
  const png = await picture().png().toBuffer();
  const thumbnail = await picture().resize(8, 8).jpeg().toBuffer();
  return new Map<string, Uint8Array>([
    ['JPEG, baseline', jpeg],
    ['JPEG, progressive', await picture().jpeg({ progressive: true }).toBuffer()],
    ['JPEG with a thumbnail in its EXIF data', insert(jpeg, 2, exifWithThumbnail(thumbnail))],
    ['JPEG with restart markers', withRestartMarkers(jpeg)],
    ['PNG', png],
    ['PNG, interlaced', await picture().png({ progressive: true }).toBuffer()],
    ['APNG', apng(png)],
    ['GIF', await picture().gif().toBuffer()],
    ['GIF, animated', await animation().gif().toBuffer()],
    ['WebP, lossy', await picture().webp().toBuffer()],
    ['WebP, lossless', await picture().webp({ lossless: true }).toBuffer()],
    ['WebP with EXIF data', await picture().withMetadata({ orientation: 6 }).webp().toBuffer()],
    ['WebP, animated', await animation().webp().toBuffer()],
    ['AVIF', await picture().avif({ effort: 0 }).toBuffer()],
    ['HEIC', heic()],
    ['HEIC, its data before its description', heic({ dataFirst: true })],
    ['HEIC, its data in a box without a size', openEnded(heic())],
    ['HEIC sequence', heicSequence()],
    ['TIFF', await picture().tiff({ compression: 'none' }).toBuffer()],
    ['TIFF, tiled', await picture().tiff({ compression: 'lzw', tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer()],
    ['TIFF, big', await picture().tiff({ compression: 'lzw', bigtiff: true }).toBuffer()],
    ['BMP', bmp()],
    ['BMP, compressed', rleBmp()],
    ['ICO', ico([bmp().subarray(14), png])],
    ['JPEG XL in a container', jxl([box('jxlc', JXL_CODESTREAM)])],
    ['JPEG XL in parts', jxl(jxlParts())],
    ['SVG', SVG],
  ]);
}

function exifWithThumbnail(thumbnail: Uint8Array): Buffer {
  return jpegSegment(0xe1, Buffer.concat([text('Exif\0\0'), exif(1), thumbnail]));
}

/** Restart markers may stand wherever the entropy coder says; to a walker of markers they are two bytes to step over. */
function withRestartMarkers(jpeg: Uint8Array): Buffer {
  return insert(jpeg, jpeg.length - 20, Buffer.of(0xff, 0xd0, 0x12, 0xff, 0xd1));
}

/** With a second frame. */
export function apng(png: Uint8Array): Buffer {
  const control = pngChunk('acTL', Buffer.concat([u32be(2), u32be(0)]));
  const frame = Buffer.concat([pngChunk('fcTL', Buffer.alloc(26)), pngChunk('fdAT', Buffer.alloc(40, 7))]);
  return insert(insert(png, png.length - 12, frame), 33, control);
}

/** A still image of one item. With a rotation, as a phone writes it for a portrait. */
export function heic({ dataFirst = false, quarterTurns = 0 } = {}): Buffer {
  const ftyp = box('ftyp', text('heic'), u32be(0), text('mif1heic'));
  const pixels = Buffer.alloc(50, 9);
  const metaAt = (offset: number): Buffer =>
    box(
      'meta',
      u32be(0),
      box('hdlr', u32be(0), u32be(0), text('pict'), Buffer.alloc(13)),
      box('pitm', u32be(0), u16be(1)),
      box('iloc', u32be(0), Buffer.of(0x44, 0x00), u16be(1), u16be(1), u16be(0), u16be(1), u32be(offset), u32be(50)),
      box(
        'iprp',
        box('ipco', box('ispe', u32be(0), u32be(WIDTH), u32be(HEIGHT)), box('irot', Buffer.of(quarterTurns))),
        box('ipma', u32be(0), u32be(1), u16be(1), Buffer.of(2, 0x81, 0x82)),
      ),
    );
  const data = box('mdat', pixels);
  if (dataFirst) return Buffer.concat([ftyp, data, metaAt(ftyp.length + 8)]);
  const meta = metaAt(ftyp.length + metaAt(0).length + 8);
  return Buffer.concat([ftyp, meta, data]);
}

/** The last box without a size: "to the end of the file". */
function openEnded(file: Buffer): Buffer {
  const copy = Buffer.from(file);
  copy.writeUInt32BE(0, copy.indexOf('mdat') - 4);
  return copy;
}

function heicSequence(): Buffer {
  const ftyp = box('ftyp', text('hevc'), u32be(0), text('msf1hevc'));
  const matrix = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].map(u32be);
  const tkhd = box('tkhd', u32be(0), Buffer.alloc(36), ...matrix, u32be(WIDTH << 16), u32be(HEIGHT << 16));
  const moovAt = (offset: number): Buffer => {
    const chunks = box('stbl', box('stco', u32be(0), u32be(1), u32be(offset)));
    return box('moov', box('trak', tkhd, box('mdia', box('minf', chunks))));
  };
  const moov = moovAt(ftyp.length + moovAt(0).length + 8);
  return Buffer.concat([ftyp, moov, box('mdat', Buffer.alloc(60, 5))]);
}

/** 24 bits per pixel, from the bottom up. */
export function bmp({ height = HEIGHT } = {}): Buffer {
  const pixels = Buffer.alloc(WIDTH * 3 * Math.abs(height), 3);
  const dib = [u32le(40), u32le(WIDTH), u32le(height), u16le(1), u16le(24), u32le(0), u32le(0), Buffer.alloc(16)];
  return Buffer.concat([text('BM'), u32le(54 + pixels.length), u32le(0), u32le(54), ...dib, pixels]);
}

function rleBmp(): Buffer {
  const pixels = Buffer.from([...Array.from({ length: HEIGHT }, () => [WIDTH, 1, 0, 0]).flat(), 0, 1]);
  const dib = [u32le(40), u32le(WIDTH), u32le(HEIGHT), u16le(1), u16le(8), u32le(1), u32le(pixels.length)];
  const palette = Buffer.alloc(1024);
  // Without a declared length of the file, as some encoders write it.
  const header = [text('BM'), u32le(0), u32le(0), u32le(54 + palette.length)];
  return Buffer.concat([...header, ...dib, Buffer.alloc(16), palette, pixels]);
}

export function ico(pictures: readonly Uint8Array[]): Buffer {
  let at = 6 + 16 * pictures.length;
  const entries = pictures.map((it) => {
    const entry = Buffer.concat([Buffer.of(WIDTH, HEIGHT, 0, 0), u16le(1), u16le(24), u32le(it.length), u32le(at)]);
    at += it.length;
    return entry;
  });
  return Buffer.concat([u16le(0), u16le(1), u16le(pictures.length), ...entries, ...pictures]);
}

/** A header of 40 × 24 (in eighths: height 3, no ratio, width 5) with all other metadata default; then something. */
export const JXL_CODESTREAM = Buffer.concat([Buffer.of(0xff, 0x0a, 0b0000_0101, 0b0100_1000), Buffer.alloc(500, 6)]);

export function jxl(boxes: readonly Uint8Array[]): Buffer {
  const signature = box('JXL ', text('\r\n\x87\n'));
  return Buffer.concat([signature, box('ftyp', text('jxl '), u32be(0), text('jxl ')), ...boxes]);
}

function jxlParts(): Buffer[] {
  const first = box('jxlp', u32be(0), JXL_CODESTREAM.subarray(0, 6));
  return [first, box('jxlp', u32be(0x8000_0001), JXL_CODESTREAM.subarray(6))];
}
