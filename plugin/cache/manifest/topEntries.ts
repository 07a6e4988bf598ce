import type { ManifestEntry } from '../../protocol.ts';
import { TimeSlice } from '../../timeSlice.ts';

export interface Selection {
  /** Maximum number of entries to return. */
  count: number;
  /** The entry with the lowest rank comes first. */
  rank: (entry: ManifestEntry) => number;
  accepts: (entry: ManifestEntry) => boolean;
}

/**
 * Returns the accepted entries with the lowest ranks, in order. It makes one pass in slices, and never sorts more than twice
 * the count.
 */
export async function topEntries(
  entries: Iterable<ManifestEntry>,
  { count, rank, accepts }: Selection,
): Promise<ManifestEntry[]> {
  const byRank = (a: ManifestEntry, b: ManifestEntry) => rank(a) - rank(b);
  let top: ManifestEntry[] = [];
  let cutoff = Number.POSITIVE_INFINITY;
  const timeSlice = new TimeSlice();
  for (const entry of entries) {
    if (timeSlice.isOver) await timeSlice.yield();
    if (rank(entry) >= cutoff || !accepts(entry)) continue;
    top.push(entry);
    if (top.length < 2 * count) continue;
    top = top.toSorted(byRank).slice(0, count);
    const last = top.at(-1);
    if (last !== undefined) cutoff = rank(last);
  }
  return top.toSorted(byRank).slice(0, count);
}
