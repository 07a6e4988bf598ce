import { TimeSlice } from '../../timeSlice.ts';

/** More of the following images than of the preceding ones, because most people move forward. */
const AFTER = 8;
const BEFORE = 4;

/**
 * Returns the keys on both sides of a key, the nearest first, in the order in which S3 lists them. The order of the manifest
 * would not do: after a restart it is the order of the key hashes. It makes one pass in slices.
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

/** Compares by code units, as S3 does. The order of a locale would be slower, and different. */
function ascending(a: string, b: string): number {
  return a < b ? -1 : 1;
}

function descending(a: string, b: string): number {
  return ascending(b, a);
}
