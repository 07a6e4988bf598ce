import { ByteReader } from './byteReader.ts';
import type { Facts } from './facts.ts';

const FILE_HEADER = 14;
/** OS/2 1, OS/2 2 cut short, Windows 3, its undocumented V2 and V3, OS/2 2, Windows 4 and 5. */
const DIB_HEADERS = new Set([12, 16, 40, 52, 56, 64, 108, 124]);
const OS2_HEADER = 12;
const WINDOWS_HEADER = 40;

// Values of biCompression with rows of a fixed length.
const BI_RGB = 0;
const BI_BITFIELDS = 3;
const BI_ALPHABITFIELDS = 6;

/** The content of a bitmap header. */
export interface Dib {
  width: number;
  height: number;
  /** Bytes of the rows; `undefined` if they are compressed and their length is not given. */
  pixels: number | undefined;
  bitsPerPixel: number;
  /** Bytes of header, masks and palette. The rows follow them, unless the file names another offset. */
  header: number;
}

/** Whether a bitmap header of a known length begins at `at`. The first two letters alone are not enough to recognise a BMP. */
export function isDibHeader(bytes: Uint8Array, at: number): boolean {
  const [first = 0, ...rest] = bytes.subarray(at, at + 4);
  return rest.length === 3 && rest.every((byte) => byte === 0) && DIB_HEADERS.has(first);
}

/**
 * Checks that the file is as long as its header says, and as its rows need. Limit: if the header has no length, the length of a
 * compressed picture is taken from biSizeImage without proof.
 */
export function walkBmp(bytes: Uint8Array, facts: Facts): void {
  const reader = new ByteReader(bytes, 'BMP', { littleEndian: true });
  facts.contentType = 'image/bmp';
  const picture = reader.u32(10);
  const { width, height, pixels } = readDib(reader, FILE_HEADER);
  facts.width = width;
  facts.height = height;
  if (width === 0 || height === 0) throw reader.damaged('it has no pixels');
  facts.isRecognized = true;
  const length = reader.u32(2);
  if (pixels === undefined && length === 0) throw reader.damaged('nothing says how long it is');
  reader.need(picture, pixels ?? 1);
  reader.need(0, length);
}

/** @throws ImageCacheError NOT_AN_IMAGE for a header that contradicts itself */
export function readDib(reader: ByteReader, at: number): Dib {
  const header = reader.u32(at);
  if (header === OS2_HEADER) {
    const width = reader.u16(at + 4);
    const height = reader.u16(at + 6);
    const bitsPerPixel = reader.u16(at + 10);
    const palette = bitsPerPixel <= 8 ? 3 * 2 ** bitsPerPixel : 0;
    return { width, height, bitsPerPixel, header: header + palette, pixels: rowLength(width, bitsPerPixel) * height };
  }
  const width = reader.i32(at + 4);
  if (width < 0) throw reader.damaged('its width is negative');
  // A negative height means that the first row is the top one.
  const height = Math.abs(reader.i32(at + 8));
  const bitsPerPixel = reader.u16(at + 14);
  const isShort = header < WINDOWS_HEADER;
  const compression = isShort ? BI_RGB : reader.u32(at + 16);
  const masks = compression === BI_BITFIELDS && header === WINDOWS_HEADER ? 12 : 0;
  const used = isShort ? 0 : reader.u32(at + 32);
  const colours = bitsPerPixel <= 8 ? used || 2 ** bitsPerPixel : 0;
  const fixed = compression === BI_RGB || compression === BI_BITFIELDS || compression === BI_ALPHABITFIELDS;
  const pixels = fixed ? rowLength(width, bitsPerPixel) * height : reader.u32(at + 20) || undefined;
  return { width, height, bitsPerPixel, header: header + masks + 4 * colours, pixels };
}

/** Rows are padded to four bytes. */
export function rowLength(width: number, bitsPerPixel: number): number {
  return Math.ceil((width * bitsPerPixel) / 32) * 4;
}
