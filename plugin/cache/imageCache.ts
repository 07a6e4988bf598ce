import { randomUUID } from 'node:crypto';
import { ImageCacheError } from '../errors.ts';
import type {
  CacheEvent,
  CacheStats,
  ClearAnswer,
  ManifestEntry,
  PinAnswer,
  PinTarget,
  PrefetchImage,
  PrefetchResult,
  VerifyReport,
} from '../protocol.ts';
import { readCacheId } from './files/readCacheId.ts';
import { prepareDirectory } from './files/prepareDirectory.ts';
import { type CacheWatcher, EventHub } from './reporting/eventHub.ts';
import { fileError } from './files/fileError.ts';
import type { ImageCacheSettings } from './imageCacheSettings.ts';
import { inBatches } from './queue/batches.ts';
import type { CacheLogger } from './injected/cacheLogger.ts';
import type { PrefetchOptions } from './fetch/prefetcher.ts';
import type { AppliedChange } from './manifest/manifestStore.ts';
import { TimeSlice } from '../timeSlice.ts';
import { type CacheParts, createCacheParts } from './createCacheParts.ts';
import { ImagePipeline, type ReadOptions } from './imagePipeline.ts';
import type { CachedImage } from './store/imageStore.ts';
import { serializeManifest } from './manifest/snapshot.ts';
import type { ObjectLocation, Source, ImageRef } from './injected/source.ts';
import { StatsCounter } from './reporting/statsCounter.ts';
import type { ProgressListener } from './discovery/verifier.ts';
import type { SizedImage } from './variants/sizedImage.ts';
import type { VariantSpec } from './variants/variantSpec.ts';

/** An image by its path, or by a URL or its object, and who asks for it. */
type AskedImage<Ref extends ImageRef> =
  | ({ path: string } & Pick<ReadOptions, 'signal' | 'timeline'>)
  | ({ url: string | Ref } & ReadOptions);

/**
 * The cache: images by object, from memory, from disk, or fetched once for all who ask. Opens its directory on first
 * use. Knows no Vite, no Express and no S3.
 */
export class ImageCache<Ref extends ImageRef = ImageRef> {
  readonly #source: Source<Ref>;
  readonly #dir: string;
  readonly #fsync: boolean;
  readonly #now: () => number;
  readonly #logger: CacheLogger;
  readonly #parts: CacheParts<Ref>;
  readonly #pipeline: ImagePipeline<Ref>;
  readonly #stats = new StatsCounter();
  readonly #events: EventHub;
  readonly #instance = randomUUID();
  /** Counts changes. */
  #revision = 0;
  #closing: Promise<void> | undefined;

  constructor(settings: ImageCacheSettings<Ref>) {
    const { dir, source, logger, now = Date.now } = settings;
    this.#source = source;
    this.#dir = dir;
    this.#fsync = settings.durability === 'full';
    this.#now = now;
    this.#logger = logger;
    this.#events = new EventHub({
      warn: (message) => logger.warn(message),
      lookAround: () => this.#parts.manifest.isOpen && this.#parts.manifest.lookAround(),
    });
    this.#parts = createCacheParts(settings, this.#stats, {
      applied: (applied) => this.#applied(applied),
      reset: (gone) => this.#reset(gone),
      warn: (message) => logger.warn(message),
    });
    this.#pipeline = new ImagePipeline({ parts: this.#parts, stats: this.#stats, now });
  }

  /** How many images are in the manifest, as far as this process knows; 0 before the first call that opens it. */
  get size(): number {
    return this.#parts.manifest.isOpen ? this.#parts.manifest.store.index.size : 0;
  }

  /** An image by `local_path`, if it is in memory: the hot path, without a promise. */
  peek(path: string): CachedImage | undefined {
    return this.#pipeline.peek(path);
  }

  /**
   * An image by `local_path`, from memory or disk.
   * @throws ImageCacheError NOT_CACHED, or CACHE_CORRUPT when its file was damaged (it is fetched again by URL)
   */
  readPath(path: string, options: Pick<ReadOptions, 'isKnown'> = {}): Promise<CachedImage> {
    return this.#pipeline.readPath(path, options);
  }

  /**
   * An image by any URL of its object, or by what {@link ImageCache.identify} said of one: from memory or disk, else downloaded, once for all who wait and ahead of every
   * prefetch. Resolves when the image is stored; `onArriving` hears of a download as soon as it can be shown. A stale image
   * (see `revalidate` of the options) is answered at once, and S3 is asked in the background.
   * @throws ImageCacheError
   */
  async readUrl(url: string | Ref, options: ReadOptions = {}): Promise<CachedImage> {
    return this.#pipeline.load(this.#refOf(url), options);
  }

  /**
   * An image in another size or format: a stored variant, else one made from the original, which is downloaded first if
   * need be. The original itself where it serves better, or where nothing is there to make variants with. Of those that wait
   * to be made, the one that was asked for last is next, and one that nobody waits for any more is not made.
   * @param permit asked before anything is made of the original; rejects for who may not see it
   * @throws ImageCacheError TOO_MANY_PIXELS, UNDECODABLE, OVERLOADED, ABORTED when whoever asked has left, what the reading of
   *   the original throws, and what `permit` does
   */
  async readVariant(
    asked: AskedImage<Ref>,
    spec: VariantSpec,
    permit?: (entry: ManifestEntry) => Promise<void>,
  ): Promise<SizedImage> {
    const image = 'path' in asked ? asked : { ...asked, image: this.#refOf(asked.url) };
    return this.#pipeline.readVariant(image, spec, permit);
  }

  /**
   * The object behind a URL, cached or not: parsed once, it stands for the URL from then on.
   * @throws ImageCacheError for a URL of no configured bucket
   */
  identify(url: string): Ref {
    return this.#source.identify(url);
  }

  /**
   * Where the object of an entry is, by its `s3_url`: first as it is, and then every other object that a server in front of the
   * bucket may take it for. Empty when no configured bucket has it, e.g. because the options have changed since.
   */
  locate(s3Url: string): readonly ObjectLocation[] {
    try {
      return this.#source.locate?.(s3Url) ?? [];
    } catch (error) {
      if (error instanceof ImageCacheError) return [];
      throw error;
    }
  }

  /** The entry of an object, if it is cached. @throws ImageCacheError for a URL of no configured bucket */
  async find(url: string | Ref): Promise<ManifestEntry | undefined> {
    return this.#pipeline.find(this.#refOf(url));
  }

  /** The entry at a `local_path`, if there is one. */
  findPath(path: string): Promise<ManifestEntry | undefined> {
    return this.#pipeline.findPath(path);
  }

  /** The entries of many URLs; `undefined` for what is not cached and for what no bucket of ours holds. */
  async lookup(urls: readonly string[]): Promise<(ManifestEntry | undefined)[]> {
    const index = await this.#parts.manifest.refreshed();
    const find = async (url: string) => {
      try {
        const object = this.#source.identify(url);
        return index.get(object.key) ?? (await this.#parts.adoption.adopt(object));
      } catch {
        return undefined;
      }
    };
    const entries: Promise<ManifestEntry | undefined>[] = [];
    const timeSlice = new TimeSlice();
    for (const url of urls) {
      if (timeSlice.isOver) await timeSlice.yield(); // ten thousand URLs take a while to be understood
      entries.push(find(url));
    }
    return Promise.all(entries);
  }

  /** Sees to it that an image is cached. Never rejects: what went wrong is in the result. */
  prefetch(image: PrefetchImage, actorId: string, options: PrefetchOptions = {}): Promise<PrefetchResult> {
    return this.#parts.prefetcher.prefetch(image, actorId, options);
  }

  /**
   * Keeps a download that is queued or running for the object from being given up because all who asked for it have left, until the
   * returned function is called: for a caller that is about to ask. Does nothing where there is none.
   */
  hold(url: string): () => void {
    try {
      return this.#parts.fetcher.hold(this.#source.identify(url));
    } catch {
      return () => undefined; // it is no image of ours, and who asks for it is told so
    }
  }

  /** Forgets one object, in memory and on disk. Returns how many entries, and files without an entry, that were. */
  async invalidate(url: string): Promise<number> {
    const { removal, manifest } = this.#parts;
    const { key } = this.#source.identify(url);
    const removed = await removal.invalidate(key);
    // An entry may be from before its object was given this name. Only the manifest's own names are ever written down.
    const hasOldName = url !== key && (await manifest.refreshed()).get(url) !== undefined;
    return hasOldName ? removed + (await removal.invalidate(url)) : removed;
  }

  /** Forgets what only this actor uses; without an actor, everything. Pinned images go too: it was asked for. */
  clear(actorId?: string): Promise<ClearAnswer> {
    return this.#parts.removal.clear(actorId);
  }

  /** The actors with the most images. */
  async largestActors(count: number): Promise<{ actor_id: string; entries: number }[]> {
    const index = await this.#parts.manifest.refreshed();
    const actors = Array.from(index.actors(), ([actor_id, { size }]) => ({ actor_id, entries: size }));
    return actors.toSorted((a, b) => b.entries - a.entries).slice(0, count);
  }

  /**
   * Keeps an image, or all that an actor has and will have, from being evicted; clearing still removes them.
   * @throws ImageCacheError NOT_CACHED for an image that is not there
   */
  async pin(target: PinTarget): Promise<PinAnswer> {
    const pinned = await this.#pin(target, true);
    if (pinned > 0 || 'actor_id' in target) return { pinned };
    throw new ImageCacheError('NOT_CACHED', 'The image to be pinned is not cached.', { hint: 'Prefetch it first.' });
  }

  /** Takes a pin back. What another actor has pinned stays so. */
  async unpin(target: PinTarget): Promise<PinAnswer> {
    return { pinned: await this.#pin(target, false) };
  }

  /** `GET /stats` */
  async stats(): Promise<CacheStats> {
    const index = await this.#parts.manifest.refreshed();
    const { count, totalBytes } = this.#parts.discovery.unclaimed;
    return {
      cache_id: await readCacheId(this.#dir).catch(() => ''),
      ...this.#stats.report(index, this.#parts.memory, this.#parts.fetcher),
      unclaimed: { files: count, size_bytes: totalBytes },
      variants: this.#parts.variants.stats(),
    };
  }

  /**
   * Holds every file against the manifest and mends what it can, while the cache serves. Calls that come while it runs share
   * the run; the signal tells that whoever asked has left.
   * @throws ImageCacheError ABORTED when everybody who asked has left
   */
  async verify(options: { signal?: AbortSignal; onProgress?: ProgressListener } = {}): Promise<VerifyReport> {
    await this.#parts.manifest.refreshed();
    return this.#parts.verifier.verify(options.signal, options.onProgress);
  }

  /** Changes whenever the manifest does; for `ETag`. */
  async manifestTag(): Promise<string> {
    await this.#parts.manifest.refreshed();
    return `"${this.#instance}-${this.#revision}"`;
  }

  /** The manifest as text in chunks, of all images or one actor's; `filter` leaves entries out. */
  async manifest(
    actorId?: string,
    filter?: (entry: ManifestEntry) => Promise<boolean>,
  ): Promise<AsyncIterable<string>> {
    const index = await this.#parts.manifest.refreshed();
    const entries = actorId === undefined ? index.toArray() : index.valuesOf(actorId);
    return serializeManifest(entries, { lastUpdated: this.#now(), filter });
  }

  /** Calls the listener on every change, from whichever process. Returns how to stop it. */
  onEvent(listener: (event: CacheEvent) => void): () => void {
    return this.#events.subscribe(listener);
  }

  /** The same with the entries each change is about, and with word of the end. Returns how to stop it. */
  watch(watcher: CacheWatcher): () => void {
    return this.#events.watch(watcher);
  }

  /** Ends what runs, brings `manifest.json` up to date and lets go of files and sockets. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#events.close();
    const downloads = this.#parts.fetcher.close();
    this.#source.close();
    void this.#parts.evictor.close(); // what it is at ends with the manifest
    await downloads;
    await this.#parts.manifest.close();
  }

  #refOf(url: string | Ref): Ref {
    return typeof url === 'string' ? this.identify(url) : url;
  }

  /** Returns how many images the change was about. */
  async #pin(target: PinTarget, pinned: boolean): Promise<number> {
    if ('actor_id' in target) return this.#parts.pins.setActor(target.actor_id, pinned);
    return this.#parts.pins.setImage(this.#source.identify(target.s3_url).key, pinned);
  }

  #applied(applied: AppliedChange): void {
    this.#revision += 1;
    for (const part of this.#parts.parts) part.applied?.(applied);
    const { store } = this.#parts.manifest;
    for (const { s3_url, sha256 } of applied.removed) {
      const isCompressed = store.index.get(s3_url)?.original_sha256 === sha256;
      if (!isCompressed) this.#stats.prefetched.evicted(s3_url);
    }
    this.#events.changed(applied, this.#parts.manifest.store.index);
  }

  /** The journal was read anew, perhaps because the directory was emptied under us. */
  #reset(gone: ManifestEntry[]): void {
    this.#revision += 1;
    this.#parts.committer.reset();
    this.#parts.adoption.start();
    prepareDirectory(this.#dir, this.#now(), this.#fsync)
      .then(() => this.#parts.discovery.reset())
      .catch((error: unknown) => this.#logger.warn(fileError(error).message));
    void this.#lost(gone);
  }

  /** A few hundred at a time: it may be a million (T65). */
  async #lost(gone: readonly ManifestEntry[]): Promise<void> {
    const timeSlice = new TimeSlice();
    for (const batch of inBatches(gone)) {
      for (const part of this.#parts.parts) part.lost?.(batch);
      this.#events.lost(batch);
      if (timeSlice.isOver) await timeSlice.yield();
    }
  }
}
