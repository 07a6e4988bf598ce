import { ByteReader } from './byteReader.ts';
import type { Facts } from './facts.ts';

const RIFF_HEADER = 8;
const CHUNK_HEADER = 8;

/**
 * Reads WebP (RFC 9649): lossy, lossless, extended and animated. The RIFF header has the length of the file, and the chunks must
 * fill it. Bytes after it are accepted (section 2.3: readers may ignore them). An orientation in EXIF data is ignored, as in
 * browsers.
 */
export function walkWebp(bytes: Uint8Array, facts: Facts): void {
  const reader = new ByteReader(bytes, 'WebP', { littleEndian: true });
  facts.contentType = 'image/webp';
  facts.frames = 0;
  const end = RIFF_HEADER + reader.u32(4);
  for (let at = RIFF_HEADER + 4; at < end;) {
    reader.spendParts(1);
    const type = reader.text(at, 4);
    const length = reader.u32(at + 4);
    const content = at + CHUNK_HEADER;
    if (content + length > end) throw reader.damaged('a chunk reaches beyond the file');
    noteChunk(reader, type, content, length, facts);
    reader.need(content, length);
    at = content + length + (length % 2);
  }
  if (!facts.isRecognized) throw reader.damaged('it has no pixels');
  reader.need(0, end);
}

interface Size {
  width: number;
  height: number;
}

/** The bytes with the size, by the chunk that begins with them. */
const SIZES: Readonly<Record<string, { bytes: number; read: (reader: ByteReader, at: number) => Size }>> = {
  VP8X: { bytes: 10, read: extendedSize },
  'VP8 ': { bytes: 10, read: lossySize },
  VP8L: { bytes: 5, read: losslessSize },
};

function noteChunk(reader: ByteReader, type: string, at: number, length: number, facts: Facts): void {
  const size = Object.hasOwn(SIZES, type) ? SIZES[type] : undefined;
  if (size !== undefined && facts.width === undefined) {
    if (length < size.bytes) throw reader.damaged('a chunk is too short for what it must hold');
    Object.assign(facts, size.read(reader, at));
  }
  if (type === 'ANMF') facts.frames++;
  facts.isRecognized ||= facts.width !== undefined && ['VP8 ', 'VP8L', 'ANMF'].includes(type);
}

/** The size of the canvas: two numbers of 24 bits (RFC 9649, section 2.7). */
function extendedSize(reader: ByteReader, at: number): Size {
  const u24 = (offset: number): number => reader.u16(at + offset) + reader.u8(at + offset + 2) * 0x1_00_00;
  return { width: u24(4) + 1, height: u24(7) + 1 };
}

/** The size after frame tag and start code: two numbers of 14 bits, below 2 bits of scale (RFC 6386, section 9.1). */
function lossySize(reader: ByteReader, at: number): Size {
  if (reader.text(at + 3, 3) !== '\x9d\x01\x2a') throw reader.damaged('its picture does not begin with a key frame');
  return { width: reader.u16(at + 6) & 0x3fff, height: reader.u16(at + 8) & 0x3fff };
}

/** The size after the signature byte: two numbers of 14 bits (RFC 9649, section 3.4). */
function losslessSize(reader: ByteReader, at: number): Size {
  if (reader.u8(at) !== 0x2f) throw reader.damaged('its picture lacks the lossless signature');
  const bits = reader.u32(at + 1);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}
