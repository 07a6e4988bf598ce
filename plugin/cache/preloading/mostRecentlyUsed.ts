import type { ManifestEntry } from '../../protocol.ts';
import { TimeSlice } from '../../timeSlice.ts';

/**
 * The `count` entries that were served last, the latest first; what was only stored does not count. One pass in slices; what
 * is sorted is never more than twice the count.
 */
export async function mostRecentlyUsed(entries: Iterable<ManifestEntry>, count: number): Promise<ManifestEntry[]> {
  let latest: ManifestEntry[] = [];
  let cutoff = Number.NEGATIVE_INFINITY;
  const timeSlice = new TimeSlice();
  for (const entry of entries) {
    if (timeSlice.isOver) await timeSlice.yield();
    const { last_used_at, cached_at } = entry;
    if (last_used_at <= cutoff || last_used_at <= cached_at) continue;
    latest.push(entry);
    if (latest.length < 2 * count) continue;
    latest = latest.toSorted(byLastUse).slice(0, count);
    cutoff = latest.at(-1)?.last_used_at ?? cutoff;
  }
  return latest.toSorted(byLastUse).slice(0, count);
}

function byLastUse(a: ManifestEntry, b: ManifestEntry): number {
  return b.last_used_at - a.last_used_at;
}
