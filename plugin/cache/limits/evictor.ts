import { ImageCacheError } from '../../errors.ts';
import type { RemovalCause } from '../../inspectorProtocol.ts';
import type { ManifestEntry } from '../../protocol.ts';
import type { Reclaimable } from '../store/reclaimable.ts';
import { leastRecentlyUsed } from './leastRecentlyUsed.ts';
import type { SharedManifest } from '../manifest/sharedManifest.ts';
import type { CacheLogger } from '../injected/cacheLogger.ts';
import { actorsOf } from '../manifest/manifestEntry.ts';
import type { Reservations } from './reservations.ts';
import type { Room } from './room.ts';
import type { ManifestIndex } from '../manifest/manifestIndex.ts';
import type { RecentUses } from './recentUses.ts';
import { createMutex } from '../queue/mutex.ts';
import type { ImageStore } from '../store/imageStore.ts';

export interface EvictionLimits {
  /** Maximum size in bytes. */
  maxSize: number;
  maxEntries: number;
  /** Images that were not used for this many milliseconds are evicted. `undefined`: never. */
  maxAge?: number | undefined;
  /** Maximum bytes of one actor's images; `undefined` for an actor without a quota. */
  quotaOf?: ((actorId: string) => number | undefined) | undefined;
}

export interface EvictorOptions {
  manifest: SharedManifest;
  imageStore: ImageStore;
  uses: RecentUses;
  /** Bytes of free space that the disk lacks. */
  missingSpace: () => Promise<number>;
  /** Files that can be removed before any image, in the order of removal. */
  reclaimable: readonly Reclaimable[];
  /** Resolves when the size of the files in the directory is known. */
  counted: () => Promise<unknown>;
  limits: EvictionLimits;
  reservations: Reservations;
  now: () => number;
  logger: CacheLogger;
}

/** A limit, and the entries that count for it. Of the entries that may be evicted, the least recently used go first. */
interface Budget {
  entries: (index: ManifestIndex) => Iterable<ManifestEntry>;
  /** Bytes and entries above the limit, or above a fraction of it. */
  excess: (index: ManifestIndex, fraction: number) => Excess;
  mayGo: (entry: ManifestEntry) => boolean;
  /** The option that has this limit. */
  cause: () => RemovalCause;
}

interface Excess {
  bytes: number;
  entries: number;
}

/** Making room for a tenth at a time keeps the search rare, which takes longer as the manifest grows. */
const LOW_WATER = 0.9;
/** Maximum number of entries found by one search. */
const MAX_FOUND = 4096;
/** Maximum number of entries evicted by one record of the journal. */
const MAX_DROPPED = 256;
/** On a full disk, only images that were not used for a day are evicted for new ones, because the other images are intact (T56). */
const STALE_MS = 24 * 60 * 60 * 1000;
const EXPIRE_EVERY_MS = 60_000;
/** How long a check of the free space stays valid: the bytes that come meanwhile are a fraction of `minFreeSpace`. */
const ROOMY_MS = 250;

/**
 * Keeps the cache within its limits. The least recently used images go first. Pinned images and the one that was just stored are
 * never evicted, and images that may be on a screen only when nothing else is left.
 */
export class Evictor implements Room {
  readonly #options: EvictorOptions;
  readonly #exclusively = createMutex();
  readonly #timer: NodeJS.Timeout | undefined;
  #expiredAt = Number.NEGATIVE_INFINITY;
  readonly #reservations: Reservations;
  #roomyAt = Number.NEGATIVE_INFINITY;
  #closed = false;
  #beginning: Promise<void> | undefined;

  constructor(options: EvictorOptions) {
    this.#options = options;
    const { maxAge } = options.limits;
    this.#reservations = options.reservations;
    if (maxAge === undefined) return;
    const every = Math.max(100, Math.min(EXPIRE_EVERY_MS, maxAge / 2));
    this.#timer = setInterval(() => void this.#expire().catch(() => undefined), every).unref();
  }

  /** Evicts in the background if the limits are lower than when the cache was filled. */
  start(): void {
    this.#beginning = this.#begin().catch(() => undefined); // it is tried again when an image is stored
  }

  /** Stops evicting. Resolves when no eviction is running. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#beginning;
  }

  async admit<Result>(entry: ManifestEntry, store: () => Promise<Result>): Promise<Result> {
    await this.#reservations.reserve(entry);
    try {
      await this.#makeRoom(entry.s3_url);
      return await store();
    } finally {
      this.#reservations.release(entry);
    }
  }

  async enforce({ s3_url: keep, actor_id }: Pick<ManifestEntry, 's3_url' | 'actor_id'>): Promise<void> {
    if (performance.now() - this.#expiredAt > EXPIRE_EVERY_MS) await this.#expire();
    await this.#makeRoom(keep);
    const quota = this.#options.limits.quotaOf?.(actor_id);
    if (quota !== undefined) await this.#fit(this.#ofActor(actor_id, quota, keep));
  }

  async ensureFreeSpace(): Promise<void> {
    const { missingSpace } = this.#options;
    const now = performance.now();
    if (now - this.#roomyAt < ROOMY_MS) return;
    if ((await missingSpace()) === 0) {
      this.#roomyAt = now;
      return;
    }
    await this.#exclusively(async () => {
      const missing = await missingSpace();
      if (missing === 0) return;
      const reclaimed = await this.#reclaim(missing);
      await this.#drop(this.#unusedFor(STALE_MS, missing - reclaimed, 'minFreeSpace'), 1);
      if ((await missingSpace()) === 0) return;
      throw new ImageCacheError('CACHE_DISK_FULL', 'The disk has less free space than `minFreeSpace` asks for.', {
        hint: 'Free some space, or lower `minFreeSpace`. Everything cached so far is intact.',
      });
    });
  }

  /** Files without an entry are removed first, so their size must be known before. */
  async #begin(): Promise<void> {
    const { manifest, counted, limits } = this.#options;
    await counted();
    if (this.#closed) return;
    await this.#expire();
    await this.#makeRoom('');
    for (const actor of [...manifest.store.index.actors()].map(([id]) => id)) {
      const quota = limits.quotaOf?.(actor);
      if (quota !== undefined && !this.#closed) await this.#fit(this.#ofActor(actor, quota, ''));
    }
  }

  async #makeRoom(keep: string): Promise<void> {
    await this.#reclaim(this.#excess().bytes);
    await this.#fit(this.#whole(keep));
  }

  /** Evicts images that were not used for `maxAge`. */
  async #expire(): Promise<void> {
    const { manifest, limits } = this.#options;
    const { maxAge } = limits;
    if (maxAge === undefined || !manifest.isOpen) return;
    this.#expiredAt = performance.now();
    await this.#exclusively(() => this.#drop(this.#unusedFor(maxAge, Number.MAX_VALUE, 'maxAge'), 1));
  }

  async #fit(budget: Budget): Promise<void> {
    if (!this.#isOver(budget)) return;
    const { uses } = this.#options;
    const unseen = {
      ...budget,
      mayGo: (entry: ManifestEntry) => budget.mayGo(entry) && !uses.isRecentlyServed(entry.s3_url),
    };
    await this.#exclusively(async () => {
      await this.#drop(unseen, LOW_WATER);
      await this.#drop(budget, 1);
    });
  }

  /**
   * Evicts the oldest images until the budget is met. It continues down to this fraction of the limit with the images that the
   * search has found anyway.
   */
  async #drop(budget: Budget, fraction: number): Promise<void> {
    const { store } = this.#options.manifest;
    const cause = budget.cause();
    while (this.#isOver(budget) && !this.#closed) {
      const found = await leastRecentlyUsed(budget.entries(store.index), MAX_FOUND, budget.mayGo);
      const dropped = await this.#remove(covering(found, budget.excess(store.index, fraction)), budget.mayGo, cause);
      if (dropped === 0) return;
    }
  }

  async #remove(entries: readonly ManifestEntry[], mayGo: Budget['mayGo'], cause: RemovalCause): Promise<number> {
    const { manifest, imageStore, reclaimable, now, logger } = this.#options;
    const { store } = manifest;
    let count = 0;
    for (let start = 0; start < entries.length; start += MAX_DROPPED) {
      const keys = entries
        .slice(start, start + MAX_DROPPED)
        .filter((entry) => store.index.get(entry.s3_url) === entry && mayGo(entry)) // not used or replaced meanwhile
        .map((entry) => entry.s3_url);
      if (keys.length === 0) continue;
      const { removed } = await store.append({ op: 'delete', keys, reason: 'evicted', at: now(), cause });
      await imageStore.remove(removed);
      for (const files of reclaimable) await files.removeOf?.(removed);
      count += removed.length;
    }
    if (count > 0) logger.debug?.(`evicted ${count} images`);
    return count;
  }

  #isOver(budget: Budget): boolean {
    const { bytes, entries } = budget.excess(this.#options.manifest.store.index, 1);
    return bytes > 0 || entries > 0;
  }

  /** Removes files without an entry, which go first. Returns the number of bytes removed. */
  async #reclaim(bytes: number): Promise<number> {
    let freed = 0;
    for (const files of this.#options.reclaimable) if (freed < bytes) freed += await files.reclaim(bytes - freed);
    return freed;
  }

  /** The excess over the limits of the whole cache, or over a fraction of them. */
  #excess(fraction = 1): Excess {
    const { manifest, reclaimable, limits } = this.#options;
    const { index } = manifest.store;
    const { bytes, entries } = this.#reservations.pending();
    return {
      bytes:
        reclaimable.reduce((sum, files) => sum + files.bytes, index.totalBytes) + bytes - limits.maxSize * fraction,
      entries: index.size + entries - limits.maxEntries * fraction,
    };
  }

  #whole(keep: string): Budget {
    return {
      entries: (index) => index.values(),
      excess: (_, fraction) => this.#excess(fraction),
      mayGo: (entry) => entry.pinned !== true && entry.s3_url !== keep,
      cause: () => (this.#excess().bytes > 0 ? 'maxSize' : 'maxEntries'),
    };
  }

  /** Images that other actors use as well count for the quota, but are not evicted. */
  #ofActor(actor: string, quota: number, keep: string): Budget {
    return {
      entries: (index) => entriesOf(index, actor),
      excess: (index, fraction) => ({ bytes: index.bytesOf(actor) - quota * fraction, entries: 0 }),
      mayGo: (entry) => entry.pinned !== true && entry.s3_url !== keep && actorsOf(entry).length === 1,
      cause: () => 'quotas',
    };
  }

  /** A budget to evict this many bytes of images that were not used for this long. */
  #unusedFor(age: number, bytes: number, cause: RemovalCause): Budget {
    const { manifest, uses, now } = this.#options;
    const before = manifest.store.index.totalBytes;
    const deadline = now() - age;
    return {
      entries: (index) => index.values(),
      excess: (index) => ({ bytes: bytes - (before - index.totalBytes), entries: 0 }),
      mayGo: (entry) => entry.pinned !== true && entry.last_used_at < deadline && !uses.isRecentlyServed(entry.s3_url),
      cause: () => cause,
    };
  }
}

function* entriesOf(index: ManifestIndex, actor: string): Generator<ManifestEntry> {
  for (const key of index.keysOf(actor)) {
    const entry = index.get(key);
    if (entry !== undefined) yield entry;
  }
}

/** Takes as many entries as make up for the excess. */
function covering(oldest: readonly ManifestEntry[], excess: Excess): ManifestEntry[] {
  const victims: ManifestEntry[] = [];
  let { bytes, entries } = excess;
  for (const entry of oldest) {
    if (bytes <= 0 && entries <= 0) break;
    victims.push(entry);
    bytes -= entry.size_bytes;
    entries -= 1;
  }
  return victims;
}
