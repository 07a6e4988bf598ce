import { ImageCacheError } from '../errors.ts';
import { ByteReader } from './byteReader.ts';
import type { Facts } from './facts.ts';
import { eachBox } from './isobmff.ts';

const LAST_PART = 0x8000_0000;

/** The width as a fraction of the height, by the three bits of `ratio`; 0 means that the file contains the width. */
const RATIOS = [undefined, [1, 1], [12, 10], [4, 3], [3, 2], [16, 9], [5, 4], [2, 1]] as const;
const SIZE_BITS = [9, 13, 18, 30] as const;

/**
 * Reads JPEG XL in a container (ISO/IEC 18181-2): all boxes must be complete, and the codestream must be present up to its last
 * part. Limit: if the file was cut exactly before a last box of metadata, this is not noticed.
 *
 * A bare codestream (ISO/IEC 18181-1), or one in a box "to the end of the file", has no length: the lengths of its frames come
 * after entropy-coded headers. It is unknown whether such a codestream was cut, so it is accepted only if its length was announced
 * (T33).
 */
export function walkJxl(bytes: Uint8Array, facts: Facts): void {
  const reader = new ByteReader(bytes, 'JPEG XL');
  facts.contentType = 'image/jxl';
  if (bytes[0] === 0xff) {
    noteSize(reader, bytes, facts);
    throw unprovable();
  }
  let codestream: Uint8Array | undefined;
  let complete = false;
  for (const box of eachBox(reader)) {
    const isPart = box.type === 'jxlp';
    if (!isPart && box.type !== 'jxlc') continue;
    const partHeader = isPart ? 4 : 0;
    const content = reader.part(box.at, box.length);
    if (codestream === undefined) {
      codestream = content.slice(partHeader, box.length - partHeader);
      noteSize(reader, codestream, facts);
    }
    if (box.openEnded) throw unprovable();
    complete ||= !isPart || content.u32(0) >= LAST_PART;
  }
  if (!complete) throw reader.truncated();
}

function unprovable(): ImageCacheError {
  return new ImageCacheError('UNSUPPORTED_TYPE', 'The body is a JPEG XL image that does not say where it ends.', {
    hint: 'It would not be noticed if it was cut. Write it with a container (cjxl --container=1), or as AVIF, WebP or JPEG.',
  });
}

/** Stores the size from SizeHeader, and the orientation from ImageMetadata (ISO/IEC 18181-1, annex D). */
function noteSize(reader: ByteReader, codestream: Uint8Array, facts: Facts): void {
  if (codestream[0] !== 0xff || codestream[1] !== 0x0a) throw reader.damaged('it has no codestream');
  const bits = new BitReader(codestream, 2);
  const inEighths = bits.read(1) === 1;
  const dimension = (): number => {
    if (inEighths) return 8 * (bits.read(5) + 1);
    return bits.read(SIZE_BITS[bits.read(2)] ?? 0) + 1;
  };
  facts.height = dimension();
  const ratio = RATIOS[bits.read(3)];
  facts.width = ratio === undefined ? dimension() : Math.floor((facts.height * ratio[0]) / ratio[1]);
  const allDefault = bits.read(1) === 1;
  const hasOrientation = !allDefault && bits.read(1) === 1;
  facts.orientation = hasOrientation ? bits.read(3) + 1 : 1;
  facts.isRecognized = true;
}

/** Reads bits, the least significant one first. Bits beyond the end are 0. */
class BitReader {
  readonly #bytes: Uint8Array;
  #position: number;

  constructor(bytes: Uint8Array, from: number) {
    this.#bytes = bytes;
    this.#position = from * 8;
  }

  read(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.#position++) {
      const byte = this.#bytes[this.#position >> 3] ?? 0;
      value |= ((byte >> (this.#position & 7)) & 1) << i;
    }
    return value;
  }
}
