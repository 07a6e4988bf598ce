import type { ManifestEntry } from '../../protocol.ts';
import { topEntries } from '../manifest/topEntries.ts';

/** Returns the `count` entries that were served last, the latest first. Images that were never served do not count. */
export function mostRecentlyUsed(entries: Iterable<ManifestEntry>, count: number): Promise<ManifestEntry[]> {
  return topEntries(entries, {
    count,
    rank: (entry) => -entry.last_used_at,
    accepts: ({ last_used_at, cached_at }) => last_used_at > cached_at,
  });
}
