import type { ManifestEntry } from '../../protocol.ts';

/** Files that count for the size of the cache, and are removed before any image with an entry. */
export interface Reclaimable {
  readonly bytes: number;
  /** Removes files until this many bytes are free, or no file is left. Returns the number of bytes removed. */
  reclaim(bytes: number): Promise<number>;
  /** Removes files that were made of these entries, which are no longer in the manifest. Returns the number of bytes removed. */
  removeOf?(entries: readonly ManifestEntry[]): Promise<number>;
}
