import { ImageCacheError } from '../../errors.ts';
import type { ManifestEntry } from '../../protocol.ts';
import { actorsOf } from '../manifest/manifestEntry.ts';
import type { SharedManifest } from '../manifest/sharedManifest.ts';
import type { Reclaimable } from '../store/reclaimable.ts';
import type { EvictionLimits } from './evictor.ts';
import type { Reservations } from './reservations.ts';
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
  /** Those of all that store images in this cache. */
  reservations: Reservations;
  /** The error for an image that does not fit. @param limit the option that keeps it out */
  refusal: (limit: KeptLimit) => ImageCacheError;
}

/** A limit that an image can be above. */
export type KeptLimit = 'maxSize' | 'maxEntries' | 'quotas';

/**
 * Keeps a cache within its limits without evicting an image: for a new one, variants make room, and if that is not enough it is refused.
 * So it is for all images while the cache is offline, since what it has cannot be fetched again, and always for those of a pack. `maxAge` does
 * not matter, and a cache that is above its limits already stays so.
 */
export class Keeper implements Room {
  readonly #options: KeeperOptions;
  readonly #reservations: Reservations;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#reservations = options.reservations;
  }

  /** @throws the refusal if the image does not fit */
  async admit<Result>(entry: ManifestEntry, store: () => Promise<Result>): Promise<Result> {
    await this.#reservations.reserve(entry);
    try {
      await this.#makeRoom();
      const limit = this.#limitAgainst(entry);
      if (limit !== undefined) throw this.#options.refusal(limit);
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

  /** The limit that keeps the image out. Its own room is reserved already. */
  #limitAgainst(entry: ManifestEntry): KeptLimit | undefined {
    const { manifest, limits } = this.#options;
    const { index } = manifest.store;
    if (this.#excessBytes() > 0) return 'maxSize';
    if (index.size + this.#reservations.pending().entries > limits.maxEntries) return 'maxEntries';
    const isOver = (actor: string) =>
      index.bytesOf(actor) + this.#reservations.pendingOf(actor) > (limits.quotaOf?.(actor) ?? Infinity);
    return actorsOf(entry).some(isOver) ? 'quotas' : undefined;
  }
}
