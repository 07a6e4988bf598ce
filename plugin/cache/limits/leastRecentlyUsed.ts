import type { ManifestEntry } from '../../protocol.ts';
import { TimeSlice } from '../../timeSlice.ts';

/**
 * The `count` entries that were not used for the longest time, the oldest first, among those that may go. One pass in
 * slices; what is sorted is never more than twice the count.
 */
export async function leastRecentlyUsed(
  entries: Iterable<ManifestEntry>,
  count: number,
  mayGo: (entry: ManifestEntry) => boolean,
): Promise<ManifestEntry[]> {
  let oldest: ManifestEntry[] = [];
  let cutoff = Number.POSITIVE_INFINITY;
  const timeSlice = new TimeSlice();
  for (const entry of entries) {
    if (timeSlice.isOver) await timeSlice.yield();
    if (entry.last_used_at >= cutoff || !mayGo(entry)) continue;
    oldest.push(entry);
    if (oldest.length < 2 * count) continue;
    oldest = oldest.toSorted(byLastUse).slice(0, count);
    cutoff = oldest.at(-1)?.last_used_at ?? cutoff;
  }
  return oldest.toSorted(byLastUse).slice(0, count);
}

function byLastUse(a: ManifestEntry, b: ManifestEntry): number {
  return a.last_used_at - b.last_used_at;
}
