import { ByteReader } from './byteReader.ts';
import type { ImageInfo } from './imageInfo.ts';

const FILE_HEADER = 14;
/** OS/2 1, Windows 3, its undocumented V2 and V3, OS/2 2, Windows 4 and 5. */
const DIB_HEADERS = new Set([12, 40, 52, 56, 64, 108, 124]);
const OS2_HEADER = 12;

// Values of biCompression whose rows are of a fixed length.
const BI_RGB = 0;
const BI_BITFIELDS = 3;
const BI_ALPHABITFIELDS = 6;

/** Whether a bitmap header of a known length begins at `at`: two letters alone are too little to tell a BMP by. */
export function isDibHeader(bytes: Uint8Array, at: number): boolean {
  const [first = 0, ...rest] = bytes.subarray(at, at + 4);
  return rest.length === 3 && rest.every((byte) => byte === 0) && DIB_HEADERS.has(first);
}

/**
 * The file must be as long as its header says, and as its rows need. Limit: where the declared length is missing, the
 * length of a compressed picture is believed from biSizeImage.
 */
export function inspectBmp(bytes: Uint8Array): ImageInfo {
  const reader = new ByteReader(bytes, 'BMP', { littleEndian: true });
  const picture = reader.u32(10);
  const { width, height, length } = readDib(reader);
  if (length === 0) throw reader.damaged('it has no pixels');
  reader.need(picture, length);
  reader.need(0, reader.u32(2));
  return { contentType: 'image/bmp', extension: 'bmp', width, height };
}

function readDib(reader: ByteReader): { width: number; height: number; length: number } {
  if (reader.u32(FILE_HEADER) === OS2_HEADER) {
    const width = reader.u16(FILE_HEADER + 4);
    const height = reader.u16(FILE_HEADER + 6);
    return { width, height, length: rowLength(width, reader.u16(FILE_HEADER + 10)) * height };
  }
  const width = reader.i32(FILE_HEADER + 4);
  if (width < 0) throw reader.damaged('its width is negative');
  // A negative height says that the rows run from the top.
  const height = Math.abs(reader.i32(FILE_HEADER + 8));
  const compression = reader.u32(FILE_HEADER + 16);
  const fixed = compression === BI_RGB || compression === BI_BITFIELDS || compression === BI_ALPHABITFIELDS;
  if (!fixed) return { width, height, length: reader.u32(FILE_HEADER + 20) };
  return { width, height, length: rowLength(width, reader.u16(FILE_HEADER + 14)) * height };
}

/** Rows are padded to four bytes. */
function rowLength(width: number, bitsPerPixel: number): number {
  return Math.ceil((width * bitsPerPixel) / 32) * 4;
}
