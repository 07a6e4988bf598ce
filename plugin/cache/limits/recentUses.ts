import type { ManifestEntry } from '../../protocol.ts';
import type { CachePart } from '../manifest/cachePart.ts';
import type { ManifestStore } from '../manifest/manifestStore.ts';

/** An image that was served within this time may still be on a screen. */
const RECENTLY_MS = 60_000;
/** An image that is served again within this time is not noted again. */
const NOTED_MS = 1000;
/** A process that is killed loses at most this much of its uses. */
const RECORD_EVERY_MS = 10 * 60_000;
/** Keeps a record small, because other processes read it between two answers. */
const KEYS_PER_RECORD = 1000;

/**
 * Notes which images were served. The uses are written to the journal from time to time and not at each hit, so that other
 * processes and the next start take them into account when they evict.
 */
export class RecentUses implements CachePart {
  readonly #store: ManifestStore;
  readonly #now: () => number;
  /** Monotonic time at which each image was last served; the oldest first. */
  readonly #served = new Map<string, number>();
  /** Wall-clock time of the last use, until it is written to the journal. */
  readonly #unrecorded = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: { store: ManifestStore; now: () => number }) {
    this.#store = options.store;
    this.#now = options.now;
  }

  add({ s3_url: key, last_used_at }: ManifestEntry): void {
    const served = performance.now();
    if (served - (this.#served.get(key) ?? Number.NEGATIVE_INFINITY) < NOTED_MS) return;
    this.#served.delete(key);
    this.#served.set(key, served);
    for (const [oldest, at] of this.#served) {
      if (served - at < RECENTLY_MS) break;
      this.#served.delete(oldest);
    }
    this.#unrecorded.set(key, last_used_at);
    this.#timer ??= setTimeout(() => void this.#record(), RECORD_EVERY_MS).unref();
  }

  isRecentlyServed(key: string): boolean {
    const at = this.#served.get(key);
    return at !== undefined && performance.now() - at < RECENTLY_MS;
  }

  close(): Promise<void> {
    return this.#record();
  }

  /** Never rejects: at worst, the image of a lost use is evicted too early. */
  async #record(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const used = [...this.#unrecorded];
    this.#unrecorded.clear();
    const at = this.#now();
    for (let start = 0; start < used.length; start += KEYS_PER_RECORD) {
      const batch = used.slice(start, start + KEYS_PER_RECORD);
      const known = batch.filter(([key]) => this.#store.index.get(key) !== undefined);
      const keys = known.map(([key]) => key);
      const ages = known.map(([, usedAt]) => Math.max(0, at - usedAt));
      if (keys.length > 0) await this.#store.append({ op: 'use', keys, ages, at }).catch(() => undefined);
    }
  }
}
