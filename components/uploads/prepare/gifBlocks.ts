import { NotRemovable } from './notRemovable.ts';

const EXTENSION = 0x21;
export const IMAGE = 0x2c;
export const TRAILER = 0x3b;
export const APPLICATION = 0x21ff;
/** How long the next frame is shown, and how the one after it begins. */
export const CONTROL = 0x21f9;

export interface Block {
  /** `IMAGE`, `TRAILER`, or for an extension 0x2100 and its label. */
  kind: number;
  start: number;
  /** Beyond the end of the file when it was cut. */
  end: number;
}

/** Where the first block of a GIF begins: behind the header and the colours of all frames. */
export function firstBlock(bytes: Uint8Array): number {
  return 13 + colorsLength(bytes[10]);
}

/** The blocks of a GIF (GIF89a specification), to its trailer. */
export function* gifBlocks(bytes: Uint8Array): Generator<Block, void> {
  for (let start = firstBlock(bytes); start < bytes.length;) {
    const [first, label = 0] = bytes.subarray(start, start + 2);
    if (first === TRAILER) {
      yield { kind: TRAILER, start, end: start + 1 };
      return;
    }
    if (first !== EXTENSION && first !== IMAGE) throw new NotRemovable();
    // A frame: its place, its own colours, and the size of its codes.
    const data = first === IMAGE ? start + 11 + colorsLength(bytes[start + 9]) : start + 2;
    const end = skipSubBlocks(bytes, data);
    yield { kind: first === IMAGE ? IMAGE : 0x2100 + label, start, end };
    start = end;
  }
}

function colorsLength(flags = 0): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0;
}

/** Index behind a chain of sub-blocks, which ends with an empty one. */
function skipSubBlocks(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length;) {
    const length = bytes[at] ?? 0;
    at += 1 + length;
    if (length === 0) return at;
  }
  return Infinity;
}
