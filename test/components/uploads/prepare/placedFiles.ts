import sharp, { type Sharp } from 'sharp';
import { box, insert, jpegSegment, pngChunk, text, u16be, u16le, u32be, u32le } from '../../../images/bytes.ts';

/** Pictures that say where they were taken, in each way that we know of. */

/** What is written wherever a place can be; must not be found in what is sent. */
export const PLACE = 'SECRET-PLACE';
/** Degrees, minutes and seconds as fractions, as cameras write them. */
const LATITUDE = [
  [47, 1],
  [22, 1],
  [35_123, 1000],
];
const LONGITUDE = [
  [8, 1],
  [32, 1],
  [28_457, 1000],
];
export const CAMERA = 'Camera of a test';
export const TAKEN = '2026:05:04 03:02:01';

type Endian = 'little' | 'big';
const numbers = { little: { u16: u16le, u32: u32le }, big: { u16: u16be, u32: u32be } };

function rationals(values: readonly (readonly number[])[], endian: Endian): Buffer {
  return Buffer.concat(values.flat().map(numbers[endian].u32));
}

/** All that would give the place away: coordinates in both byte orders and as text, and our own words in several encodings. */
const TRACES: readonly Buffer[] = [
  ...(['little', 'big'] as const).flatMap((endian) => [rationals(LATITUDE, endian), rationals(LONGITUDE, endian)]),
  ...[PLACE, '47,22.58', '35123/1000'].flatMap((words) => [text(words), Buffer.from(words, 'utf16le')]),
  text(text('Exif\0\0II*\0').toString('hex')),
];

/** Which of the traces are in the bytes. */
export function tracesIn(bytes: Uint8Array): string[] {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return TRACES.filter((trace) => whole.includes(trace)).map((trace) => trace.toString('latin1'));
}

interface Value {
  tag: number;
  type: number;
  count: number;
  value: Buffer;
}

/**
 * EXIF data with an orientation, a camera, a date, a maker's note, and a place, as a phone writes it; a thumbnail follows.
 */
export function placedExif({
  orientation = 1,
  endian = 'little',
}: { orientation?: number; endian?: Endian } = {}): Buffer {
  const thumbnail = text(PLACE);
  const { u16, u32 } = numbers[endian];
  const ascii = (tag: number, words: string): Value => {
    const value = text(`${words}\0`);
    return { tag, type: 2, count: value.length, value };
  };
  const short = (tag: number, value: number): Value => ({ tag, type: 3, count: 1, value: u16(value) });
  const long = (tag: number, value: number): Value => ({ tag, type: 4, count: 1, value: u32(value) });
  const place = (tag: number, values: number[][]): Value => ({
    tag,
    type: 5,
    count: 3,
    value: rationals(values, endian),
  });
  const directory = (at: number, entries: readonly Value[], next = 0): Buffer => {
    let free = at + 2 + 12 * entries.length + 4;
    const outside: Buffer[] = [];
    const written = entries.map(({ tag, type, count, value }) => {
      const padded = Buffer.concat([value, Buffer.alloc(value.length <= 4 ? 4 - value.length : value.length % 2)]);
      const field = value.length <= 4 ? padded : u32(free);
      if (value.length > 4) {
        outside.push(padded);
        free += padded.length;
      }
      return Buffer.concat([u16(tag), u16(type), u32(count), field]);
    });
    return Buffer.concat([u16(entries.length), ...written, u32(next), ...outside]);
  };

  const note = text(`Maker: ${PLACE}`);
  const details = [ascii(0x9003, TAKEN), { tag: 0x927c, type: 7, count: note.length, value: note }];
  const gps = [ascii(1, 'N'), place(2, LATITUDE), ascii(3, 'E'), place(4, LONGITUDE), ascii(29, PLACE)];
  const xmp = text(`<x:xmpmeta>${PLACE}</x:xmpmeta>`);
  const main = (pointers: number[]): Value[] => [
    ascii(0x010f, CAMERA),
    short(0x0112, orientation),
    { tag: 0x02bc, type: 1, count: xmp.length, value: xmp },
    long(0x8769, pointers[0] ?? 0),
    long(0x8825, pointers[1] ?? 0),
  ];
  const sizeOfMain = directory(8, main([])).length;
  const gpsAt = 8 + sizeOfMain + directory(0, details).length;
  const thumbnailAt = gpsAt + directory(0, gps).length;
  const pixelsAt = thumbnailAt + 2 + 24 + 4;
  return Buffer.concat([
    text(endian === 'little' ? 'II*\0' : 'MM\0*'),
    u32(8),
    directory(8, main([8 + sizeOfMain, gpsAt]), thumbnailAt),
    directory(8 + sizeOfMain, details),
    directory(gpsAt, gps),
    directory(thumbnailAt, [long(0x0201, pixelsAt), long(0x0202, thumbnail.length)]),
    thumbnail,
  ]);
}

const XMP =
  '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">' +
  `<rdf:RDF exif:GPSLatitude="47,22.58538N" photoshop:City="${PLACE}"/></x:xmpmeta><?xpacket end="w"?>`;

/** A picture with a wide profile, in which no two pixels are alike. */
export function pixels(width = 40, height = 24): Sharp {
  const data = Buffer.alloc(width * height * 3);
  for (let i = 0; i < data.length; i++) data[i] = (i * i * 31) % 253;
  return sharp(data, { raw: { width, height, channels: 3 } }).withIccProfile('p3');
}

/** Three frames, one below the other. */
export function frames(width = 40, height = 8): Sharp {
  const data = Buffer.alloc(width * height * 9);
  for (let i = 0; i < data.length; i++) data[i] = (i * i * 17 + Math.floor(i / (width * height * 3)) * 80) % 253;
  return sharp(data, { raw: { width, height: height * 3, channels: 3, pageHeight: height } });
}

/** EXIF data and XMP with a place, as sharp writes them. */
export function withPlace(picture: Sharp, orientation: number): Sharp {
  const degrees = (values: number[][]) => values.map((value) => value.join('/')).join(' ');
  return picture
    .withMetadata({ orientation })
    .withExif({
      IFD0: { Make: CAMERA },
      IFD2: { DateTimeOriginal: TAKEN },
      IFD3: {
        GPSLatitudeRef: 'N',
        GPSLatitude: degrees(LATITUDE),
        GPSLongitudeRef: 'E',
        GPSLongitude: degrees(LONGITUDE),
      },
    })
    .withXmp(XMP);
}

/** With all that a phone puts into a JPEG, and behind it. */
export function placedJpeg(jpeg: Uint8Array, orientation = 1, endian: Endian = 'little'): Buffer {
  const exif = Buffer.concat([text('Exif\0\0'), placedExif({ orientation, endian })]);
  const second = insert(jpeg, 2, jpegSegment(0xe1, Buffer.concat([text('Exif\0\0'), placedExif({ endian })])));
  const extended = text(`http://ns.adobe.com/xmp/extension/\0${'0'.repeat(32)}\0\0\0\x64\0\0\0\0${XMP}`);
  const segments = [
    jpegSegment(0xe1, exif),
    jpegSegment(0xe1, text(`http://ns.adobe.com/xap/1.0/\0${XMP}`)),
    jpegSegment(0xe1, extended),
    jpegSegment(0xe2, text(`MPF\0II*\0\x08\0\0\0${PLACE}`)),
    jpegSegment(0xe2, text('urn:iso:std:iso:ts:21496:-1\0\0\0\0\0')),
    jpegSegment(0xeb, text(`JP\0\0 ${PLACE}`)),
    jpegSegment(0xed, text(`Photoshop 3.0\x008BIM\x04\x04\0\0\0\0\0\x11\x1c\x02\x5a\0\x0c${PLACE}`)),
    jpegSegment(0xfe, text(`Taken at ${PLACE}`)),
  ];
  const video = Buffer.concat([box('ftyp', text('mp42')), box('moov', box('udta', box('\xa9xyz', text(PLACE))))]);
  return Buffer.concat([insert(jpeg, 2, Buffer.concat(segments)), second, video, text(`SEFT ${PLACE}`)]);
}

/** @param compressed what `zTXt` holds */
export function placedPng(png: Uint8Array, orientation: number, compressed: Uint8Array): Buffer {
  const chunks = [
    pngChunk('eXIf', placedExif({ orientation, endian: 'big' })),
    pngChunk('tEXt', text(`Comment\0${PLACE}`)),
    pngChunk('iTXt', text(`XML:com.adobe.xmp\0\0\0\0\0${XMP}`)),
    pngChunk('zTXt', Buffer.concat([text('Raw profile type exif\0\0'), compressed])),
    pngChunk('tIME', Buffer.of(7, 0xea, 5, 4, 3, 2, 1)),
    pngChunk('caBX', text(PLACE)),
  ];
  return Buffer.concat([insert(png, 33, Buffer.concat(chunks)), text(PLACE)]);
}

/** Its XMP is not in sub-blocks, but ends in what leads a reader of sub-blocks out of it (XMP specification, part 3, 1.1.2). */
export function placedGif(gif: Uint8Array): Buffer {
  const ramp = Buffer.from([1, ...Array.from({ length: 256 }, (_, i) => 255 - i), 0]);
  const xmp = Buffer.concat([Buffer.of(0x21, 0xff, 11), text('XMP DataXMP'), text(XMP), ramp]);
  const comment = Buffer.concat([Buffer.of(0x21, 0xfe, PLACE.length), text(PLACE), Buffer.of(0)]);
  const first = 13 + 3 * 2 ** (((gif[10] ?? 0) & 7) + 1);
  return Buffer.concat([insert(gif, first, Buffer.concat([xmp, comment])), text(PLACE)]);
}

interface HeicOptions {
  /** The four letters of the item that holds EXIF data. */
  kind?: string;
  /** Whether the place of its metadata says "to the end". */
  isOpenEnded?: boolean;
  /** More boxes of the file. */
  more?: readonly Buffer[];
  method?: 0 | 1;
}

/** A still image as a phone writes it: an item of pixels, one of EXIF data, one of XMP; user data; the video of a motion photo. */
export function placedHeic({ kind = 'Exif', isOpenEnded = false, more = [], method = 0 }: HeicOptions = {}): Buffer {
  const ftyp = box('ftyp', text('heic'), u32be(0), text('mif1heic'));
  const exif = Buffer.concat([u32be(6), text('Exif\0\0'), placedExif({ orientation: 6, endian: 'big' })]);
  const parts = [Buffer.alloc(50, 9), exif, text(XMP)];
  const infe = (id: number, type: string, rest = '') =>
    box('infe', Buffer.of(2, 0, 0, 0), u16be(id), u16be(0), text(`${type}\0${rest}`));
  const metaAt = (first: number): Buffer => {
    let at = first;
    const locations = parts.map((part, index) => {
      const offset = at;
      at += part.length;
      const length = isOpenEnded && index === 1 ? 0 : part.length;
      return Buffer.concat([u16be(index + 1), u16be(method), u16be(0), u16be(1), u32be(offset), u32be(length)]);
    });
    return box(
      'meta',
      u32be(0),
      box('hdlr', u32be(0), u32be(0), text('pict'), Buffer.alloc(13)),
      box('pitm', u32be(0), u16be(1)),
      box('iinf', u32be(0), u16be(3), infe(1, 'hvc1'), infe(2, kind), infe(3, 'mime', 'application/rdf+xml\0')),
      box('iloc', u32be(0x0100_0000), Buffer.of(0x44, 0), u16be(3), ...locations),
      box(
        'iprp',
        box('ipco', box('ispe', u32be(0), u32be(40), u32be(24)), box('irot', Buffer.of(3))),
        box('ipma', u32be(0), u32be(1), u16be(1), Buffer.of(2, 0x81, 0x82)),
      ),
      box('uuid', text(`0123456789abcdef${PLACE}`)),
      ...(method === 1 ? [box('idat', ...parts)] : []),
    );
  };
  const video = box('mpvd', box('ftyp', text('mp42')), text(PLACE));
  const free = box('free', text(PLACE));
  const before = [ftyp, free];
  const data = box('mdat', ...(method === 1 ? [] : parts));
  const first = method === 1 ? 0 : ftyp.length + free.length + metaAt(0).length + 8;
  return Buffer.concat([...before, metaAt(first), data, ...more, video]);
}

/** An animation: its user data says where, in the track and around it. */
export function placedSequence({ handler = 'pict' } = {}): Buffer {
  const ftyp = box('ftyp', text('avis'), u32be(0), text('msf1avisavif'));
  const matrix = [0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000].map(u32be);
  const tkhd = box('tkhd', u32be(0), Buffer.alloc(36), ...matrix, u32be(40 << 16), u32be(24 << 16));
  const udta = box('udta', box('\xa9xyz', text(PLACE)));
  const moovAt = (offset: number): Buffer => {
    const chunks = box('stbl', box('stco', u32be(0), u32be(1), u32be(offset)));
    const hdlr = box('hdlr', u32be(0), u32be(0), text(handler), Buffer.alloc(13));
    return box('moov', udta, box('trak', tkhd, box('mdia', hdlr, box('minf', chunks)), udta));
  };
  const moov = moovAt(ftyp.length + moovAt(0).length + 8);
  return Buffer.concat([ftyp, moov, box('mdat', Buffer.alloc(60, 5)), box('uuid', text(PLACE))]);
}
