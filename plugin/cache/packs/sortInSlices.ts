import { TimeSlice } from '../../timeSlice.ts';

/** Sorted in a few milliseconds. */
const RUN_LENGTH = 2048;

/** Sorts by the text that `keyOf` returns, in code units and so the same everywhere, without blocking the event loop for long. */
export async function sortInSlices<Item>(items: readonly Item[], keyOf: (item: Item) => string): Promise<Item[]> {
  const timeSlice = new TimeSlice();
  let runs: Item[][] = [];
  for (let start = 0; start < items.length; start += RUN_LENGTH) {
    runs.push(items.slice(start, start + RUN_LENGTH).toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)));
    if (timeSlice.isOver) await timeSlice.yield();
  }
  while (runs.length > 1) {
    const merged: Item[][] = [];
    for (let at = 0; at < runs.length; at += 2)
      merged.push(await merge(runs[at] ?? [], runs[at + 1] ?? [], keyOf, timeSlice));
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge<Item>(
  a: readonly Item[],
  b: readonly Item[],
  keyOf: (item: Item) => string,
  timeSlice: TimeSlice,
): Promise<Item[]> {
  const merged: Item[] = [];
  let [fromA, fromB] = [0, 0];
  while (fromA < a.length || fromB < b.length) {
    const [nextA, nextB] = [a[fromA], b[fromB]];
    if (nextB === undefined || (nextA !== undefined && keyOf(nextA) <= keyOf(nextB))) {
      if (nextA !== undefined) merged.push(nextA);
      fromA += 1;
    } else {
      merged.push(nextB);
      fromB += 1;
    }
    if (merged.length % 256 === 0 && timeSlice.isOver) await timeSlice.yield();
  }
  return merged;
}
