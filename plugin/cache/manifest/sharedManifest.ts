import { ImageCacheError } from '../../errors.ts';
import type { ManifestEntry } from '../../protocol.ts';
import { prepareDirectory } from '../files/prepareDirectory.ts';
import type { CachePart } from './cachePart.ts';
import { fileError } from '../files/fileError.ts';
import type { CacheLogger } from '../injected/cacheLogger.ts';
import { OpeningLimit } from './openingLimit.ts';
import type { ManifestIndex, ManifestQuestion } from './manifestIndex.ts';
import type { ManifestStore } from './manifestStore.ts';

/** A hit looks around for what other processes did at most this often; a miss always does. */
const LOOK_AROUND_MS = 100;
/** A local disk takes a hundredth of this; those who wait for a network drive have an answer before their browser gives up. */
const OPEN_TIMEOUT_MS = 10_000;
/** What was known so long ago is not served before it was looked at once more: this process may have slept. */
const STALE_MS = 1000;

/** The manifest store, opened on first use and kept up to date with other processes as far as each question needs. */
export class SharedManifest {
  readonly store: ManifestStore;
  readonly #dir: string;
  readonly #fsync: boolean;
  readonly #now: () => number;
  readonly #logger: CacheLogger;
  readonly #limit: OpeningLimit;
  #opening: Promise<void> | undefined;
  /** Closed while the disk did not answer: what it says later is for nobody. */
  #isAbandoned = false;
  /** The directory is there, and is ours. */
  #prepared: Promise<void> | undefined;
  #isOpen = false;
  readonly #closed = new AbortController();
  readonly #parts: readonly CachePart[];
  /** When the last look began that has come to its end. */
  #lookedAroundAt = Number.NEGATIVE_INFINITY;
  #isLooking = false;

  constructor(options: {
    store: ManifestStore;
    dir: string;
    /** Survive a power cut. */
    fsync: boolean;
    now: () => number;
    logger: CacheLogger;
    /** In the order in which they are started, and closed. */
    parts: readonly CachePart[];
    /** @default 10_000 */
    openTimeoutMs?: number | undefined;
  }) {
    const { dir, openTimeoutMs: ms = OPEN_TIMEOUT_MS } = options;
    this.#limit = new OpeningLimit({ ms, dir });
    this.store = options.store;
    this.#dir = options.dir;
    this.#fsync = options.fsync;
    this.#now = options.now;
    this.#logger = options.logger;
    this.#parts = options.parts;
  }

  /** False before the first {@link SharedManifest.open} has come to its end. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Opens the directory, once; every call that needs it waits for it. A failure is tried again by the next call.
   * @throws ImageCacheError ABORTED when the cache is closed, CACHE_DIR_TIMEOUT when the disk does not answer
   */
  open(): Promise<void> {
    if (this.#closed.signal.aborted) {
      return Promise.reject(new ImageCacheError('ABORTED', 'The image cache is closed.'));
    }
    this.#opening ??= this.#startOpening();
    return this.#limit.within(this.#opening);
  }

  /** What this process knows may have been changed by another one a while ago. */
  get isStale(): boolean {
    return this.#ageMs > STALE_MS;
  }

  get #ageMs(): number {
    return performance.now() - this.#lookedAroundAt;
  }

  /** Knows all that any process has acknowledged before the call. */
  async refreshed(): Promise<ManifestIndex> {
    await this.open();
    const began = performance.now();
    await this.store.refresh();
    this.#lookedAroundAt = Math.max(this.#lookedAroundAt, began);
    return this.store.index;
  }

  /**
   * An entry as it was, for any process, so many milliseconds ago at most. What this process knows nothing of it asks the others
   * about. While a large manifest is still being read, what can be told without it is the answer (T65).
   */
  async get(
    question: ManifestQuestion,
    { atMostOldMs = STALE_MS }: { atMostOldMs?: number } = {},
  ): Promise<ManifestEntry | undefined> {
    if (this.#limit.isLate) await this.open(); // which refuses; nothing more is asked of a disk that does not answer
    const early = this.#isOpen ? undefined : await this.#limit.within(this.#findEarly(question));
    if (early !== undefined) return early;
    await this.open();
    const known = this.#ageMs > atMostOldMs ? undefined : this.store.index.find(question);
    if (known === undefined) return (await this.refreshed()).find(question);
    this.lookAround();
    return known;
  }

  /** Another process may have cleared or replaced what this one still holds in memory. */
  lookAround(): void {
    if (this.#isLooking || this.#ageMs < LOOK_AROUND_MS) return;
    this.#isLooking = true;
    this.refreshed()
      .catch((error: unknown) => this.#logger.warn(fileError(error).message))
      .finally(() => (this.#isLooking = false));
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#limit.within(this.#opening ?? Promise.resolve()).catch(() => undefined);
    if (!this.#isOpen) {
      this.#isAbandoned = true;
      return;
    }
    this.#isOpen = false;
    for (const part of this.#parts) await part.close?.();
    await this.store.close();
  }

  async #findEarly(question: ManifestQuestion): Promise<ManifestEntry | undefined> {
    const opening = this.open();
    await Promise.race([opening, this.#prepared]).catch(() => opening);
    return this.#isOpen ? undefined : this.store.findEarly(question);
  }

  #startOpening(): Promise<void> {
    const opening = this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw fileError(error);
    });
    this.#limit.start(opening);
    return opening;
  }

  async #open(): Promise<void> {
    const started = performance.now();
    this.#prepared = prepareDirectory(this.#dir, this.#now(), this.#fsync);
    await this.#prepared;
    if (this.#isAbandoned) return;
    await this.store.open();
    if (this.#isAbandoned) return this.store.close();
    this.#isOpen = true;
    for (const part of this.#parts) part.start?.();
    const { size, totalBytes } = this.store.index;
    const took = (performance.now() - started).toFixed(0);
    this.#logger.debug?.(`opened ${size} images, ${(totalBytes / 1e6).toFixed(1)} MB in ${took} ms`);
  }
}
