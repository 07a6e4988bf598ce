import { ByteReader } from './byteReader.ts';
import { readOrientation } from './exif.ts';
import { orientedSize, type ImageInfo } from './imageInfo.ts';

const RIFF_HEADER = 8;
const CHUNK_HEADER = 8;

/**
 * WebP (RFC 9649): lossy, lossless, extended and animated. The RIFF header says how long the file is, and the chunks
 * must fill that length. Bytes after it are accepted (section 2.3: readers may ignore them).
 */
export function inspectWebp(bytes: Uint8Array): ImageInfo {
  const whole = new ByteReader(bytes, 'WebP', { littleEndian: true });
  const reader = whole.part(0, RIFF_HEADER + whole.u32(4));

  let size: { width: number; height: number } | undefined;
  let orientation = 1;
  let frames = 0;
  let hasPixels = false;
  for (let at = RIFF_HEADER + 4; at < reader.length;) {
    const type = reader.text(at, 4);
    const length = reader.u32(at + 4);
    reader.need(at + CHUNK_HEADER, length);
    if (type === 'VP8X') size = extendedSize(reader.part(at + CHUNK_HEADER, length));
    if (type === 'VP8 ') size ??= lossySize(reader.part(at + CHUNK_HEADER, length));
    if (type === 'VP8L') size ??= losslessSize(reader.part(at + CHUNK_HEADER, length));
    if (type === 'EXIF') orientation = readOrientation(reader.slice(at + CHUNK_HEADER, length));
    if (type === 'ANMF') frames++;
    hasPixels ||= type === 'VP8 ' || type === 'VP8L' || type === 'ANMF';
    at += CHUNK_HEADER + length + (length % 2);
  }
  if (size === undefined || !hasPixels) throw reader.damaged('it has no pixels');
  return {
    contentType: 'image/webp',
    extension: 'webp',
    ...orientedSize(size.width, size.height, orientation),
    ...(frames > 1 && { animated: true }),
  };
}

/** Canvas, two numbers of 24 bits (RFC 9649, section 2.7). */
function extendedSize(chunk: ByteReader): { width: number; height: number } {
  const u24 = (at: number): number => chunk.u16(at) + chunk.u8(at + 2) * 0x1_00_00;
  return { width: u24(4) + 1, height: u24(7) + 1 };
}

/** Frame tag, start code, then two numbers of 14 bits below 2 bits of scale (RFC 6386, section 9.1). */
function lossySize(chunk: ByteReader): { width: number; height: number } {
  if (chunk.text(3, 3) !== '\x9d\x01\x2a') throw chunk.damaged('its picture does not begin with a key frame');
  return { width: chunk.u16(6) & 0x3fff, height: chunk.u16(8) & 0x3fff };
}

/** Signature byte, then two numbers of 14 bits (RFC 9649, section 3.4). */
function losslessSize(chunk: ByteReader): { width: number; height: number } {
  if (chunk.u8(0) !== 0x2f) throw chunk.damaged('its picture lacks the lossless signature');
  const bits = chunk.u32(1);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}
