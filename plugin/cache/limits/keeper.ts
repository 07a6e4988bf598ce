import { ImageCacheError } from '../../errors.ts';
import { offlineRefusal } from '../../offline.ts';
import type { ManifestEntry } from '../../protocol.ts';
import type { SharedManifest } from '../manifest/sharedManifest.ts';
import type { Reclaimable } from '../store/reclaimable.ts';
import type { EvictionLimits } from './evictor.ts';
import { Reservations } from './reservations.ts';
import type { Room } from './room.ts';

export interface KeeperOptions {
  manifest: SharedManifest;
  /** Bytes of free space that the disk lacks. */
  missingSpace: () => Promise<number>;
  /** Files without an entry. They count, and are kept, since each may be an image that can be had from nowhere else. */
  unclaimed: Pick<Reclaimable, 'bytes'>;
  /** Variants, which can be made again from what is here. */
  variants: Reclaimable;
  limits: EvictionLimits;
}

/**
 * Keeps a cache that is offline within its limits. What it has cannot be fetched again, so no image is evicted: for a new one, variants make
 * room, and if that is not enough it is refused. `maxAge` does not matter, and a cache that is above its limits already stays so.
 */
export class Keeper implements Room {
  readonly #options: KeeperOptions;
  readonly #reservations: Reservations;

  constructor(options: KeeperOptions) {
    this.#options = options;
    const { maxSize, maxEntries } = options.limits;
    const index = () => options.manifest.store.index;
    this.#reservations = new Reservations({ index, limits: { bytes: maxSize, entries: maxEntries } });
  }

  /** @throws ImageCacheError OFFLINE if the image does not fit */
  async admit<Result>(entry: ManifestEntry, store: () => Promise<Result>): Promise<Result> {
    await this.#reservations.reserve(entry);
    try {
      await this.#makeRoom();
      const limit = this.#limitAgainst(entry);
      if (limit !== undefined) {
        throw offlineRefusal(`The image is not stored, since there is more in the cache than \`${limit}\` allows`);
      }
      return await store();
    } finally {
      this.#reservations.release(entry);
    }
  }

  enforce(): Promise<void> {
    return this.#makeRoom();
  }

  async ensureFreeSpace(): Promise<void> {
    const { missingSpace, variants } = this.#options;
    const missing = await missingSpace();
    if (missing === 0) return;
    await variants.reclaim(missing);
    if ((await missingSpace()) === 0) return;
    throw new ImageCacheError('CACHE_DISK_FULL', 'The disk has less free space than `minFreeSpace` asks for.', {
      hint: 'Free some space, or lower `minFreeSpace`. While the image cache is offline, no image is removed for a new one.',
    });
  }

  async close(): Promise<void> {}

  async #makeRoom(): Promise<void> {
    const excess = this.#excessBytes();
    if (excess > 0) await this.#options.variants.reclaim(excess);
  }

  #excessBytes(): number {
    const { manifest, unclaimed, variants, limits } = this.#options;
    const { bytes } = this.#reservations.pending();
    return manifest.store.index.totalBytes + unclaimed.bytes + variants.bytes + bytes - limits.maxSize;
  }

  /** The limit that keeps the image out. */
  #limitAgainst({ actor_id, size_bytes }: ManifestEntry): 'maxSize' | 'maxEntries' | 'quotas' | undefined {
    const { manifest, limits } = this.#options;
    const { index } = manifest.store;
    if (this.#excessBytes() > 0) return 'maxSize';
    if (index.size + this.#reservations.pending().entries > limits.maxEntries) return 'maxEntries';
    const quota = limits.quotaOf?.(actor_id);
    return quota !== undefined && index.bytesOf(actor_id) + size_bytes > quota ? 'quotas' : undefined;
  }
}
