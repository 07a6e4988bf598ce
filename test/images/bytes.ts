import { crc32 } from 'node:zlib';

/** Little tools to write image files by hand. */

export function u16le(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

export function u32le(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value | 0);
  return bytes;
}

export function u16be(value: number): Buffer {
  return u16le(value).swap16();
}

export function u32be(value: number): Buffer {
  return u32le(value).swap32();
}

/** Latin-1 text. */
export function text(value: string): Buffer {
  return Buffer.from(value, 'latin1');
}

/** An ISO-BMFF box. */
export function box(type: string, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([u32be(body.length + 8), text(type), body]);
}

/** A PNG chunk. */
export function pngChunk(type: string, content: Uint8Array): Buffer {
  const named = Buffer.concat([text(type), content]);
  return Buffer.concat([u32be(content.length), named, u32be(crc32(named))]);
}

/** A JPEG segment. */
export function jpegSegment(marker: number, content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(0xff, marker), u16be(content.length + 2), content]);
}

/** EXIF data with an orientation and nothing else. */
export function exif(orientation: number): Buffer {
  const entry = [u16le(0x0112), u16le(3), u32le(1), u16le(orientation), u16le(0)];
  return Buffer.concat([text('II*\0'), u32le(8), u16le(1), ...entry, u32le(0)]);
}

/** `inserted` put into `bytes` at `at`. */
export function insert(bytes: Uint8Array, at: number, inserted: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at)]);
}

/** The code of what a function throws; `undefined` when it throws nothing. Faults that have no code are thrown on. */
export function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code;
    throw error;
  }
}
