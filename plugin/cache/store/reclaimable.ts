import type { ManifestEntry } from '../../protocol.ts';

/** Files that count for the size of the cache, and go before anything that has an entry. */
export interface Reclaimable {
  readonly bytes: number;
  /** Removes files until so many bytes are free, or none are left. Returns how many bytes that were. */
  reclaim(bytes: number): Promise<number>;
  /** Removes the files that were made of these entries, which are no longer in the manifest. Returns how many bytes that were. */
  removeOf?(entries: readonly ManifestEntry[]): Promise<number>;
}
