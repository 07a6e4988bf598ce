import type { ManifestEntry } from '../../protocol.ts';
import { topEntries } from '../manifest/topEntries.ts';

/** Returns the `count` entries that were not used for the longest time, oldest first, among those that may be evicted. */
export function leastRecentlyUsed(
  entries: Iterable<ManifestEntry>,
  count: number,
  mayGo: (entry: ManifestEntry) => boolean,
): Promise<ManifestEntry[]> {
  return topEntries(entries, { count, rank: (entry) => entry.last_used_at, accepts: mayGo });
}
