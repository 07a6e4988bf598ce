import type { ManifestEntry } from '../../protocol.ts';
import type { CachePart } from '../manifest/cachePart.ts';

/** Keeps a cache within its limits: by evicting what is old (`evictor.ts`), or by refusing what is new (`keeper.ts`). */
export interface Room extends CachePart {
  /** Makes room for an image and then stores it, so that the cache never exceeds its limits. */
  admit<Result>(entry: ManifestEntry, store: () => Promise<Result>): Promise<Result>;
  /** Makes the cache fit its limits again, after something was stored for this image. */
  enforce(entry: Pick<ManifestEntry, 's3_url' | 'actor_id'>): Promise<void>;
  /**
   * Makes sure that the disk keeps its free space when a new image is stored.
   * @throws ImageCacheError CACHE_DISK_FULL
   */
  ensureFreeSpace(): Promise<void>;
  close(): Promise<void>;
}
