import { ImageCacheError } from '../../errors.ts';
import type { ManifestEntry } from '../../protocol.ts';
import { prepareDirectory } from '../files/prepareDirectory.ts';
import type { CachePart } from './cachePart.ts';
import { fileError } from '../files/fileError.ts';
import type { CacheLogger } from '../injected/cacheLogger.ts';
import { OpeningLimit } from './openingLimit.ts';
import type { ManifestIndex, ManifestQuestion } from './manifestIndex.ts';
import type { ManifestStore } from './manifestStore.ts';

/** A hit looks for changes by other processes at most this often. A miss always looks. */
const LOOK_AROUND_MS = 100;
/** A local disk takes a hundredth of this. On a network drive, callers get an answer before their browser gives up. */
const OPEN_TIMEOUT_MS = 10_000;
/** State that is older than this is refreshed before an image is served from it: this process may have been asleep. */
const STALE_MS = 1000;

/** The manifest store, opened on first use. It catches up with other processes as far as each call needs. */
export class SharedManifest {
  readonly store: ManifestStore;
  readonly #dir: string;
  readonly #fsync: boolean;
  readonly #now: () => number;
  readonly #logger: CacheLogger;
  readonly #limit: OpeningLimit;
  #opening: Promise<void> | undefined;
  /** The cache was closed while the disk did not answer: a late answer is ignored. */
  #isAbandoned = false;
  /** True once the directory is known to exist and to be ours. */
  #prepared: Promise<void> | undefined;
  #isOpen = false;
  readonly #closed = new AbortController();
  readonly #parts: readonly CachePart[];
  /** Start of the last refresh that has finished. */
  #lookedAroundAt = Number.NEGATIVE_INFINITY;
  #isLooking = false;

  constructor(options: {
    store: ManifestStore;
    dir: string;
    /** True if the cache is to survive a power cut. */
    fsync: boolean;
    now: () => number;
    logger: CacheLogger;
    /** In the order in which they are started and closed. */
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

  /** False until the first {@link SharedManifest.open} has finished. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Opens the directory once. Every call that needs the manifest waits for this. After a failure the next call tries again.
   * @throws ImageCacheError ABORTED when the cache is closed, CACHE_DIR_TIMEOUT when the disk does not answer
   */
  open(): Promise<void> {
    if (this.#closed.signal.aborted) {
      return Promise.reject(new ImageCacheError('ABORTED', 'The image cache is closed.'));
    }
    this.#opening ??= this.#startOpening();
    return this.#limit.within(this.#opening);
  }

  /** True if the state of this process is too old to serve from: another process may have changed it since. */
  get isStale(): boolean {
    return this.#ageMs > STALE_MS;
  }

  get #ageMs(): number {
    return performance.now() - this.#lookedAroundAt;
  }

  /** Catches up with every change that any process acknowledged before the call. */
  async refreshed(): Promise<ManifestIndex> {
    await this.open();
    const began = performance.now();
    await this.store.refresh();
    this.#lookedAroundAt = Math.max(this.#lookedAroundAt, began);
    return this.store.index;
  }

  /**
   * Returns an entry as all processes knew it at most `atMostOldMs` milliseconds ago, or that there was none at most
   * `absentAtMostOldMs` ago; otherwise this process catches up with the others first. While a large manifest is still being
   * read, the answer comes from what can be looked up without it (T65).
   */
  async get(
    question: ManifestQuestion,
    { atMostOldMs = STALE_MS, absentAtMostOldMs = 0 }: { atMostOldMs?: number; absentAtMostOldMs?: number } = {},
  ): Promise<ManifestEntry | undefined> {
    if (this.#limit.isLate) await this.open(); // This refuses: no more calls are made to a disk that does not answer.
    const early = this.#isOpen ? undefined : await this.#limit.within(this.#findEarly(question));
    if (early !== undefined) return early;
    await this.open();
    const known = this.#ageMs > atMostOldMs ? undefined : this.store.index.find(question);
    if (known === undefined && this.#ageMs >= absentAtMostOldMs) return (await this.refreshed()).find(question);
    this.lookAround();
    return known;
  }

  /** Another process may have cleared or replaced an image that this process still holds in memory. */
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
