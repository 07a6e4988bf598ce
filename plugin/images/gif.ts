import { ByteReader } from './byteReader.ts';
import type { Facts } from './facts.ts';

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;

/**
 * Reads the blocks up to the trailer (GIF89a specification). Bytes after it are accepted, because decoders ignore them. A script
 * that only begins with `GIF89a` has no blocks and is refused. A real GIF with a script in its comment is accepted, and served as
 * a GIF.
 */
export function walkGif(bytes: Uint8Array, facts: Facts): void {
  const reader = new ByteReader(bytes, 'GIF', { littleEndian: true });
  facts.contentType = 'image/gif';
  facts.frames = 0;
  let at = 13 + colorTableLength(reader.u8(10));
  for (;;) {
    const block = reader.u8(at);
    if (block === TRAILER) break;
    if (block === EXTENSION) {
      at = skipSubBlocks(reader, at + 2);
    } else if (block === IMAGE) {
      reader.need(at, 10);
      if (facts.frames === 0) noteSize(reader, at, facts);
      facts.frames++;
      facts.isRecognized = true;
      const lzwCodeSize = at + 10 + colorTableLength(reader.u8(at + 9));
      at = skipSubBlocks(reader, lzwCodeSize + 1);
    } else {
      throw reader.damaged('a block is of an unknown kind');
    }
  }
  if (facts.frames === 0) throw reader.damaged('it has no frame');
}

/** Stores the size of the screen. As in browsers, it is enlarged if it does not contain the whole first frame. */
function noteSize(reader: ByteReader, frame: number, facts: Facts): void {
  facts.width = Math.max(reader.u16(6), reader.u16(frame + 1) + reader.u16(frame + 5));
  facts.height = Math.max(reader.u16(8), reader.u16(frame + 3) + reader.u16(frame + 7));
}

function colorTableLength(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 0x07) + 1) : 0;
}

/** The index after a chain of sub-blocks, which ends with an empty one. */
function skipSubBlocks(reader: ByteReader, from: number): number {
  let at = from;
  for (;;) {
    reader.spend(1);
    const length = reader.u8(at);
    at += 1 + length;
    if (length === 0) return at;
  }
}
