import type { ManifestEntry } from '../../protocol.ts';
import type { CachePart } from '../manifest/cachePart.ts';
import type { CacheLogger } from '../injected/cacheLogger.ts';
import type { ManifestStore } from '../manifest/manifestStore.ts';
import type { MemoryTier } from '../store/memoryTier.ts';
import type { ImageStore } from '../store/imageStore.ts';
import { mostRecentlyUsed } from './mostRecentlyUsed.ts';
import { neighboursOf } from './neighboursOf.ts';

export interface PreloaderOptions {
  store: Pick<ManifestStore, 'index'>;
  imageStore: Pick<ImageStore, 'isBusy' | 'preload'>;
  memory: MemoryTier;
  logger: CacheLogger;
  isEnabled: boolean;
  /** Monotonic time in milliseconds. @default performance.now */
  elapsed?: () => number;
}

/** Preloading starts when nothing was served for this long, and is given up when something is. */
const IDLE_MS = 50;
/** Maximum size of a preloaded image. Hashing a larger one would block the event loop for longer than a slice of other work. */
const MAX_IMAGE_BYTES = 4_000_000;
/** Number of actors whose last image is remembered until there is time to preload. */
const MAX_ACTORS = 16;
const MAX_NEIGHBOURS = 64;
const MAX_RECENT = 4096;
/** Share of the memory tier for images that were used before the start. The rest is for images that are requested. */
const WARM_FRACTION = 0.5;

/**
 * Reads images from disk into free room of the memory tier before they are requested: the neighbours of the images that were
 * served and, after a start, the images that were used last before it. It reads one file at a time, when the server is idle. An
 * image that was requested is never evicted from memory for it. A file is checked as at any first read.
 */
export class Preloader implements CachePart {
  readonly #options: PreloaderOptions;
  /** The image that was served last to each actor; the latest at the end. */
  readonly #looked = new Map<string, string>();
  /** Keys to preload, the next one first. */
  #neighbours: string[] = [];
  /** Keys that were used before the start, the latest last; `undefined` until they have been searched. */
  #recent: string[] | undefined;
  #servedLast: ManifestEntry | undefined;
  readonly #elapsed: () => number;
  #servedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isOpen = false;
  #isOff: boolean;

  constructor(options: PreloaderOptions) {
    this.#options = options;
    this.#elapsed = options.elapsed ?? (() => performance.now());
    this.#isOff = !options.isEnabled || options.memory.maxBytes === 0;
  }

  start(): void {
    this.#isOpen = !this.#isOff;
    this.#schedule();
  }

  /** Notes each image that is served, even before the manifest has been read. This is on the hot path. */
  served(entry: ManifestEntry): void {
    if (this.#isOff) return;
    this.#servedAt = this.#elapsed();
    if (entry === this.#servedLast) return;
    this.#servedLast = entry;
    this.#looked.delete(entry.actor_id);
    this.#looked.set(entry.actor_id, entry.s3_url);
    if (this.#looked.size > MAX_ACTORS) this.#looked.delete(this.#looked.keys().next().value ?? '');
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#isOff = true;
    this.#isOpen = false;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(): void {
    if (!this.#isOpen || this.#timer !== undefined || this.#running !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#running = this.#run().finally(() => {
        this.#running = undefined;
        if (this.#hasWork) this.#schedule();
      });
    }, IDLE_MS).unref();
  }

  get #isIdle(): boolean {
    return this.#isOpen && !this.#options.imageStore.isBusy && this.#elapsed() - this.#servedAt >= IDLE_MS;
  }

  get #hasWork(): boolean {
    return this.#looked.size + this.#neighbours.length > 0 || this.#recent?.length !== 0;
  }

  /** Never rejects: an image that could not be preloaded is read when it is requested. */
  async #run(): Promise<void> {
    try {
      while (this.#isIdle && this.#hasWork) {
        await this.#look();
        if (this.#isIdle) await this.#loadNext();
      }
    } catch (error) {
      this.#neighbours = [];
      this.#recent = [];
      this.#options.logger.debug?.(`preloading failed: ${String(error)}`);
    }
  }

  /** Finds the images to preload next. */
  async #look(): Promise<void> {
    const { index } = this.#options.store;
    const latest = [...this.#looked].at(-1);
    if (latest !== undefined) {
      const [actor, key] = latest;
      this.#looked.delete(actor);
      const keys = await neighboursOf(key, index.keysOf(actor));
      this.#neighbours = [...new Set([...keys, ...this.#neighbours])].slice(0, MAX_NEIGHBOURS);
    } else if (this.#neighbours.length === 0) {
      this.#recent ??= (await mostRecentlyUsed(index.values(), MAX_RECENT)).map(({ s3_url }) => s3_url).toReversed();
    }
  }

  async #loadNext(): Promise<void> {
    const { store, memory, imageStore } = this.#options;
    const neighbour = this.#neighbours.shift();
    const key = neighbour ?? this.#recent?.pop();
    const entry = key === undefined ? undefined : store.index.get(key);
    if (entry === undefined) return;
    const { size_bytes, sha256 } = entry;
    if (neighbour === undefined && memory.bytes + size_bytes > WARM_FRACTION * memory.maxBytes) {
      this.#recent = [];
      return;
    }
    if (size_bytes > MAX_IMAGE_BYTES || memory.has(sha256) || !memory.hasRoomFor(size_bytes)) return;
    await imageStore.preload(entry);
  }
}
