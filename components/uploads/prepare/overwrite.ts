import { type Bytes, isEqual } from './bytes.ts';
import { NotRemovable } from './notRemovable.ts';

/** Puts neutral bytes into a copy of a file whose parts must not move. */
export interface Overwrite {
  /** Writes `content`, and `filler` behind it, from `start` to `end`, or to where the file was cut. */
  write(start: number, end: number, content?: Uint8Array, filler?: number): void;
  /** The new file, without what comes after `end`; the old one itself when nothing has changed. */
  finish(end: number): Bytes;
}

export function overwrite(source: Bytes): Overwrite {
  const out = source.slice();
  // Parts of a file that was made to cost time may lie upon each other.
  let budget = 2 * source.length;
  return {
    write(start, end, content = new Uint8Array(), filler = 0) {
      const place = out.subarray(start, end);
      budget -= place.length;
      if (budget < 0) throw new NotRemovable();
      place.fill(filler).set(content.subarray(0, place.length));
    },
    finish(end) {
      if (end < out.length) return out.slice(0, end);
      return isEqual(out, source) ? source : out;
    },
  };
}
