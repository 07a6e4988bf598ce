import { textAt, viewOf } from './bytes.ts';
import { NotRemovable } from './notRemovable.ts';

/** A chunk of a PNG or of a WebP. */
export interface Chunk {
  type: string;
  start: number;
  /** Where its content begins. */
  content: number;
  length: number;
  /** Beyond the end of the file when it was cut. */
  end: number;
}

/** The chunks of a PNG, to IEND (PNG, third edition, section 5). */
export function* pngChunks(bytes: Uint8Array): Generator<Chunk, void> {
  const view = viewOf(bytes);
  for (let start = 8; start + 8 <= bytes.length;) {
    const length = view.getUint32(start);
    const type = textAt(bytes, start + 4, 4);
    if (!/^[a-z]{4}$/i.test(type)) throw new NotRemovable();
    const end = start + length + 12;
    yield { type, start, content: start + 8, length, end };
    if (type === 'IEND') return;
    start = end;
  }
}
