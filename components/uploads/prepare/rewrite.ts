import { type Bytes, isEqual, join } from './bytes.ts';
import { NotRemovable } from './notRemovable.ts';

/** Much more than any picture has; what was made to cost memory has more. */
const MAX_PARTS = 50_000;

/** Writes a file anew. */
export interface Rewrite {
  /** What is between two places of the old file comes next; it lies behind all that was kept before. */
  keep(start: number, end: number): void;
  /** `by` comes next, in place of what is between `start` and `end`. */
  replace(start: number, end: number, by: Uint8Array): void;
  /** The new file; the old one itself when all of it was kept. */
  finish(): Bytes;
}

/**
 * Writes a file anew from those parts of it that are kept. What is not asked for is not copied: a list of what may stay
 * fails on the safe side, where a list of what must go would miss what it does not know.
 */
export function rewrite(source: Bytes): Rewrite {
  const parts: Uint8Array[] = [];
  // Kept, but not written yet, since what follows may be kept as well.
  let start = 0;
  let end = 0;
  const write = (part: Uint8Array, next: number): void => {
    if (parts.push(part) > MAX_PARTS) throw new NotRemovable();
    start = next;
    end = next;
  };
  const keep = (from: number, to: number): void => {
    if (from !== end) write(source.subarray(start, end), from);
    end = Math.min(to, source.length);
  };
  return {
    keep,
    replace(from, to, by) {
      keep(from, from);
      if (isEqual(by, source.subarray(from, to))) {
        keep(from, to);
      } else {
        write(source.subarray(start, end), to);
        write(by, to);
      }
    },
    finish() {
      const rest = source.subarray(start, end);
      return rest.length === source.length ? source : join([...parts, rest]);
    },
  };
}
