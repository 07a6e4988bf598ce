import { ImageCacheError } from '../errors.ts';
import { ByteReader } from './byteReader.ts';
import { orientedSize, type ImageInfo } from './imageInfo.ts';
import { readBoxes } from './isobmff.ts';

const LAST_PART = 0x8000_0000;

/** Width as a fraction of the height, by the three bits of `ratio`; 0 means that the width is written out. */
const RATIOS = [undefined, [1, 1], [12, 10], [4, 3], [3, 2], [16, 9], [5, 4], [2, 1]] as const;
const SIZE_BITS = [9, 13, 18, 30] as const;

/**
 * JPEG XL in a container (ISO/IEC 18181-2): all boxes must be whole, and the codestream must be there to its last
 * part. Limit: a trailing box of metadata, cut off exactly at its beginning, cannot be missed.
 *
 * A bare codestream (ISO/IEC 18181-1), or one in a box "to the end of the file", has no length anywhere: its frames
 * say how long they are only behind entropy-coded headers. A cut one cannot be told from a whole one, so that neither
 * is accepted (T33).
 */
export function inspectJxl(bytes: Uint8Array): ImageInfo {
  const reader = new ByteReader(bytes, 'JPEG XL');
  if (bytes[0] === 0xff) throw unprovable();
  let codestream: Uint8Array | undefined;
  let complete = false;
  for (const box of readBoxes(reader)) {
    const isPart = box.type === 'jxlp';
    if (!isPart && box.type !== 'jxlc') continue;
    if (box.openEnded) throw unprovable();
    const partHeader = isPart ? 4 : 0;
    const content = reader.part(box.at, box.length);
    complete ||= !isPart || content.u32(0) >= LAST_PART;
    codestream ??= content.slice(partHeader, box.length - partHeader);
  }
  if (codestream === undefined || !complete) throw reader.truncated();
  if (codestream[0] !== 0xff || codestream[1] !== 0x0a) throw reader.damaged('it has no codestream');
  return { contentType: 'image/jxl', extension: 'jxl', ...readSize(codestream) };
}

function unprovable(): ImageCacheError {
  return new ImageCacheError('UNSUPPORTED_TYPE', 'The body is a JPEG XL image that does not say where it ends.', {
    hint: 'A cut one would go unnoticed. Write it with a container (cjxl --container=1), or as AVIF, WebP or JPEG.',
  });
}

/** SizeHeader, then the orientation from ImageMetadata (ISO/IEC 18181-1, annex D). */
function readSize(codestream: Uint8Array): { width: number; height: number } {
  const bits = new BitReader(codestream, 2);
  const inEighths = bits.read(1) === 1;
  const dimension = (): number => {
    if (inEighths) return 8 * (bits.read(5) + 1);
    return bits.read(SIZE_BITS[bits.read(2)] ?? 0) + 1;
  };
  const height = dimension();
  const ratio = RATIOS[bits.read(3)];
  const width = ratio === undefined ? dimension() : Math.floor((height * ratio[0]) / ratio[1]);
  const allDefault = bits.read(1) === 1;
  const hasOrientation = !allDefault && bits.read(1) === 1;
  return orientedSize(width, height, hasOrientation ? bits.read(3) + 1 : 1);
}

/** Least significant bit first; bits beyond the end are 0. */
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
