import { textAt, viewOf } from './bytes.ts';
import type { Chunk } from './pngChunks.ts';

/** Where the first chunk begins: behind `RIFF`, the size and `WEBP`. */
export const FIRST_CHUNK = 12;

/** Where the file ends by what its header says, which is beyond its last byte when it was cut. */
export function webpEnd(bytes: Uint8Array): number {
  return 8 + viewOf(bytes).getUint32(4, true);
}

/** The chunks of a WebP (RFC 9649, section 2.3), each with the byte that makes its length even. */
export function* webpChunks(bytes: Uint8Array): Generator<Chunk, void> {
  const view = viewOf(bytes);
  const last = Math.min(webpEnd(bytes), bytes.length);
  for (let start = FIRST_CHUNK; start + 8 <= last;) {
    const length = view.getUint32(start + 4, true);
    const end = start + 8 + length + (length % 2);
    yield { type: textAt(bytes, start, 4), start, content: start + 8, length, end };
    start = end;
  }
}
