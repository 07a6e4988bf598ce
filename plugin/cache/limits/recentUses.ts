import type { ManifestEntry } from '../../protocol.ts';
import type { CachePart } from '../manifest/cachePart.ts';
import type { ManifestStore } from '../manifest/manifestStore.ts';

/** What was served this long ago may still be on somebody's screen. */
const RECENTLY_MS = 60_000;
/** An image that is served again within this time has been noted already. */
const NOTED_MS = 1000;
/** What a process that is killed forgets of its uses, at most. */
const RECORD_EVERY_MS = 10 * 60_000;
/** Keeps a record small: other processes read it between two answers. */
const KEYS_PER_RECORD = 1000;

/**
 * Which images were served. Recorded in the journal from time to time, not at each hit, so that other processes and
 * the next start evict by what was used here, too.
 */
export class RecentUses implements CachePart {
  readonly #store: ManifestStore;
  readonly #now: () => number;
  /** When each image was last served, by a clock that nobody sets; the oldest first. */
  readonly #served = new Map<string, number>();
  /** The same by `last_used_at`. */
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

  /** Never rejects: a lost use costs at most the image its place. */
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
