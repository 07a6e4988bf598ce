import { ByteReader } from './byteReader.ts';
import type { ImageInfo } from './imageInfo.ts';

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;

/**
 * Walks the blocks to the trailer (GIF89a specification). Bytes after it are accepted: decoders ignore them. A script
 * that merely begins with `GIF89a` has no blocks and is refused; one that hides in the comment of a real GIF is a real
 * GIF, and is served as one.
 */
export function inspectGif(bytes: Uint8Array): ImageInfo {
  const reader = new ByteReader(bytes, 'GIF', { littleEndian: true });
  let width = reader.u16(6);
  let height = reader.u16(8);
  let frames = 0;
  let at = 13 + colorTableLength(reader.u8(10));
  for (;;) {
    const block = reader.u8(at);
    if (block === TRAILER) break;
    if (block === EXTENSION) {
      at = skipSubBlocks(reader, at + 2);
    } else if (block === IMAGE) {
      frames++;
      // A screen without a size is as large as its first frame, as in browsers.
      width ||= reader.u16(at + 5);
      height ||= reader.u16(at + 7);
      const lzwCodeSize = at + 10 + colorTableLength(reader.u8(at + 9));
      at = skipSubBlocks(reader, lzwCodeSize + 1);
    } else {
      throw reader.damaged('a block is of no known kind');
    }
  }
  if (frames === 0) throw reader.damaged('it has no frame');
  return { contentType: 'image/gif', extension: 'gif', width, height, ...(frames > 1 && { animated: true }) };
}

function colorTableLength(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 0x07) + 1) : 0;
}

/** Index behind a chain of sub-blocks, which ends with an empty one. */
function skipSubBlocks(reader: ByteReader, from: number): number {
  let at = from;
  for (;;) {
    const length = reader.u8(at);
    at += 1 + length;
    if (length === 0) return at;
  }
}
