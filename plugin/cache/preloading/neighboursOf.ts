import { TimeSlice } from '../../timeSlice.ts';

/** More of those that follow: most people go forward. */
const AFTER = 8;
const BEFORE = 4;

/**
 * The keys on both sides of one, the nearest first, as S3 lists them. The manifest's own order would not do: after a restart
 * it is that of the keys' hashes. One pass in slices.
 */
export async function neighboursOf(key: string, keys: Iterable<string>): Promise<string[]> {
  const after: string[] = [];
  const before: string[] = [];
  const timeSlice = new TimeSlice();
  for (const other of keys) {
    if (timeSlice.isOver) await timeSlice.yield();
    if (other > key) keepNearest(after, other, AFTER, ascending);
    if (other < key) keepNearest(before, other, BEFORE, descending);
  }
  return [...after, ...before];
}

function keepNearest(nearest: string[], key: string, count: number, compare: (a: string, b: string) => number): void {
  const farthest = nearest.at(-1);
  if (nearest.length === count && farthest !== undefined && compare(farthest, key) < 0) return;
  nearest.push(key);
  nearest.sort(compare);
  nearest.length = Math.min(nearest.length, count);
}

/** By code units, as S3 does; a locale's order would be slower and another one. */
function ascending(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function descending(a: string, b: string): number {
  return ascending(b, a);
}
