import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { ImageCacheError } from '../errors.ts';
import { offlineRefusal } from '../offline.ts';
import { parseActorId } from './manifest/actorId.ts';
import type { RefetchAnswer } from '../inspectorProtocol.ts';
import type {
  CacheEvent,
  CacheStats,
  ClearAnswer,
  ErrorCode,
  ImportAnswer,
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
import { Insight } from './insight/insight.ts';
import { inBatches } from './queue/batches.ts';
import type { CacheLogger } from './injected/cacheLogger.ts';
import type { PrefetchOptions } from './fetch/prefetcher.ts';
import { EarlyManifest } from './manifest/earlyManifest.ts';
import { readTotals } from './manifest/manifestTotals.ts';
import { readMetrics } from './cacheMetrics.ts';
import { FreeSpace } from './files/freeSpace.ts';
import type { Metric } from './reporting/metric.ts';
import type { AppliedChange } from './manifest/manifestStore.ts';
import { TimeSlice } from '../timeSlice.ts';
import { type CacheParts, createCacheParts } from './createCacheParts.ts';
import { DEFAULT_ACTOR_ID, ImagePipeline, type ReadOptions } from './imagePipeline.ts';
import type { CachedImage } from './store/imageStore.ts';
import { serializeManifest } from './manifest/snapshot.ts';
import type { ObjectLocation, Source, ImageRef } from './injected/source.ts';
import type { ExportPackOptions, ImportPackOptions } from './packs/packs.ts';
import { StatsCounter } from './reporting/statsCounter.ts';
import type { ProgressListener } from './discovery/verifier.ts';
import type { SizedImage } from './variants/sizedImage.ts';
import type { VariantSpec } from './variants/variantSpec.ts';

/** An image by its path, or by a URL or its parsed form, with the options of the request. */
type AskedImage<Ref extends ImageRef> =
  | ({ path: string } & Pick<ReadOptions, 'signal' | 'timeline' | 'asFile'>)
  | ({ url: string | Ref } & ReadOptions);

/**
 * The cache. It serves images from memory or from disk, or fetches them once for all requests. It opens its directory on
 * first use. It knows nothing of Vite, Express and S3.
 */
export class ImageCache<Ref extends ImageRef = ImageRef> {
  readonly #source: Source<Ref>;
  readonly #dir: string;
  readonly #prefix: string;
  readonly #maxSize: number;
  readonly #freeSpace: FreeSpace;
  readonly #fsync: boolean;
  readonly #now: () => number;
  readonly #logger: CacheLogger;
  readonly #parts: CacheParts<Ref>;
  readonly #pipeline: ImagePipeline<Ref>;
  readonly #stats = new StatsCounter();
  readonly #events: EventHub;
  readonly #instance = randomUUID();
  /** Number of changes so far. */
  #revision = 0;
  #closing: Promise<void> | undefined;
  /** What the cache knows of itself, and why. The inspector shows it. */
  readonly insight: Insight<Ref>;

  constructor(settings: ImageCacheSettings<Ref>) {
    const { dir, prefix, source, logger, now = Date.now } = settings;
    this.#source = source;
    this.#dir = dir;
    this.#prefix = prefix;
    this.#maxSize = settings.maxSize;
    this.#freeSpace = new FreeSpace(dir);
    this.#fsync = settings.durability === 'full';
    this.#now = now;
    this.#logger = logger;
    this.#events = new EventHub({
      warn: (message) => logger.warn(message),
      lookAround: () => this.#parts.manifest.isOpen && this.#parts.manifest.lookAround(),
    });
    const observer = {
      applied: (applied: AppliedChange) => this.#applied(applied),
      reset: (gone: ManifestEntry[]) => this.#reset(gone),
      warn: (message: string) => logger.warn(message),
    };
    this.#parts = createCacheParts(settings, this.#stats, observer, {
      isHeard: () => this.#events.isHeard,
      onRecovered: () => {
        logger.info('S3 answers again: pages are told to ask again for the images that have failed.');
        this.recovered();
      },
    });
    this.#pipeline = new ImagePipeline({ parts: this.#parts, stats: this.#stats, now });
    this.insight = new Insight({
      ...this.#parts,
      dir,
      prefix: settings.prefix,
      maxSize: settings.maxSize,
      source,
      maker: settings.maker,
      now,
      instance: this.#instance,
      revision: () => this.#revision,
      stats: this.#stats,
      freeSpace: this.#freeSpace,
    });
  }

  /** Number of images in the manifest, as far as this process knows; 0 before the first call that opens it. */
  get size(): number {
    return this.#parts.manifest.isOpen ? this.#parts.manifest.store.index.size : 0;
  }

  /** True with the option `offline`: S3 is never asked, and nothing is removed. */
  get isOffline(): boolean {
    return this.#source.isOffline === true;
  }

  /** Images that were requested since the start. */
  get requestCount(): number {
    return this.#stats.requested;
  }

  /** True while a page waits for an image to be downloaded. Other work with the network should wait then. */
  get isAwaited(): boolean {
    return this.#parts.fetcher.isAwaited;
  }

  /** Returns an image by its `local_path` if it is in memory. This is the hot path, so it uses no promise. */
  peek(path: string): CachedImage | undefined {
    return this.#pipeline.peek(path);
  }

  /**
   * Reads an image by its `local_path`, from memory or disk.
   * @throws ImageCacheError NOT_CACHED, or CACHE_CORRUPT when its file was damaged (a request by URL fetches it again)
   */
  readPath(path: string, options: Pick<ReadOptions, 'isKnown' | 'asFile'> = {}): Promise<CachedImage> {
    return this.#pipeline.readPath(path, options);
  }

  /**
   * Reads an image by any URL of its object, or by the result of {@link ImageCache.identify}. It comes from memory or disk,
   * or is downloaded once for all waiting requests and ahead of every prefetch. Resolves when the image is stored;
   * `onArriving` is called as soon as a download can be shown. A stale image (see the option `revalidate`) is served at
   * once, and S3 is asked in the background.
   * @throws ImageCacheError
   */
  async readUrl(url: string | Ref, options: ReadOptions = {}): Promise<CachedImage> {
    return this.#pipeline.load(this.#refOf(url), options);
  }

  /**
   * Reads an image in another size or format: a stored variant, or one that is made from the original, which is downloaded
   * first if necessary. Returns the original itself if that is the better answer, or if no image library is installed. Of
   * the waiting variants the one that was requested last is made next. A variant without a waiting request is not made.
   * @param permit called before anything is made of the original; rejects if the requester may not see the image
   * @throws ImageCacheError TOO_MANY_PIXELS, UNDECODABLE, OVERLOADED, ABORTED when the requester has left, and what reading
   * the original or `permit` throws
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
   * Parses the URL of an image, cached or not. Other methods accept the result instead of the URL.
   * @throws ImageCacheError for a URL of no configured bucket
   */
  identify(url: string): Ref {
    return this.#source.identify(url);
  }

  /**
   * Returns where the object of an entry is, by its `s3_url`, followed by every other object that a server in front of the
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

  /** The entry that the manifest has of an object. Unlike {@link ImageCache.find}, it adopts no file that lies there without one. */
  known({ key }: Ref): Promise<ManifestEntry | undefined> {
    return this.#parts.manifest.get({ key });
  }

  /**
   * The entry that the manifest has of an object, as far as that can be seen without using the cache: the directory is not opened, nothing
   * is written or counted, and no file is adopted. Without an entry, `isCertain` says whether there is none, and `missing` why, if the cache is
   * in use.
   */
  async glance({
    key,
  }: Ref): Promise<{ entry: ManifestEntry | undefined; isCertain: boolean; missing?: string | undefined }> {
    const { manifest } = this.#parts;
    if (manifest.isOpen) {
      const entry = manifest.store.index.get(key);
      return { entry, isCertain: true, missing: entry === undefined ? await this.insight.whyMissing(key) : undefined };
    }
    const early = new EarlyManifest({ dir: this.#dir, prefix: this.#prefix });
    try {
      const entry = await early.find({ key });
      return { entry, isCertain: entry !== undefined || !existsSync(this.#dir) };
    } finally {
      await early.close();
    }
  }

  /** Images and their bytes. Before the cache is used, these are from the beginning of `manifest.json`; nothing is opened or written. */
  async totals(): Promise<{ images: number; bytes: number }> {
    const { isOpen, store } = this.#parts.manifest;
    if (isOpen) return { images: store.index.size, bytes: store.index.totalBytes };
    return (await readTotals(this.#dir)) ?? { images: 0, bytes: 0 };
  }

  /** Returns the entry of an image, if it is cached. @throws ImageCacheError for a URL of no configured bucket */
  async find(url: string | Ref): Promise<ManifestEntry | undefined> {
    return this.#pipeline.find(this.#refOf(url));
  }

  /** Returns the entry with this `local_path`, if there is one. */
  findPath(path: string): Promise<ManifestEntry | undefined> {
    return this.#pipeline.findPath(path);
  }

  /** Returns the entries of many URLs; `undefined` for an image that is not cached, or a URL of no configured bucket. */
  async lookup(urls: readonly string[]): Promise<(ManifestEntry | undefined)[]> {
    const index = await this.#parts.manifest.refreshed();
    const find = async (url: string) => {
      try {
        const ref = this.#source.identify(url);
        return index.get(ref.key) ?? (await this.#parts.adoption.adopt(ref));
      } catch {
        return undefined;
      }
    };
    const entries: Promise<ManifestEntry | undefined>[] = [];
    const timeSlice = new TimeSlice();
    for (const url of urls) {
      if (timeSlice.isOver) await timeSlice.yield(); // parsing ten thousand URLs takes a while
      entries.push(find(url));
    }
    return Promise.all(entries);
  }

  /** Makes sure that an image is cached. Never rejects: the result contains any failure. */
  prefetch(image: PrefetchImage, actorId: string, options: PrefetchOptions = {}): Promise<PrefetchResult> {
    return this.#parts.prefetcher.prefetch(image, actorId, options);
  }

  /**
   * Keeps a queued or running download of the image from being aborted when all of its requesters leave, until the returned
   * function is called. It is for a caller that is about to request the image. Does nothing if there is no such download.
   */
  hold(url: string): () => void {
    try {
      return this.#parts.fetcher.hold(this.#source.identify(url));
    } catch {
      return () => undefined; // not a valid URL; the request for the image reports that
    }
  }

  /**
   * Fetches an image again, and replaces the copy only when the new one is complete and stored, so it is never lost. An image that is not
   * cached is stored.
   * @throws ImageCacheError what a download throws, and OFFLINE with the option `offline`; the cached image is then unchanged
   */
  async refetch(url: string, signal: AbortSignal = new AbortController().signal): Promise<RefetchAnswer> {
    this.#ensureOnline('The image is not fetched again');
    return this.#parts.refetcher.refetch(this.#source.identify(url), DEFAULT_ACTOR_ID, signal);
  }

  /**
   * Removes one image from memory and disk. Returns the number of removed entries and of removed files without an entry.
   * @throws ImageCacheError OFFLINE with the option `offline`
   */
  async invalidate(url: string): Promise<number> {
    this.#ensureOnline('The image is not removed');
    const { removal, manifest } = this.#parts;
    const { key } = this.#source.identify(url);
    const removed = await removal.invalidate(key);
    // An entry may be older than the canonical name of its object. Only names from the manifest are ever written to the
    // journal.
    const hasOldName = url !== key && (await manifest.refreshed()).get(url) !== undefined;
    return hasOldName ? removed + (await removal.invalidate(url)) : removed;
  }

  /**
   * Removes the images that only this actor uses; without an actor, all images. This includes pinned images, because the
   * caller asked for it.
   * @throws ImageCacheError INVALID_ACTOR_ID, OFFLINE with the option `offline`
   */
  async clear(actorId?: string): Promise<ClearAnswer> {
    this.#ensureOnline('Images are not removed');
    return this.#parts.removal.clear(actorId === undefined ? undefined : parseActorId(actorId));
  }

  /** Returns the actors with the most images. */
  async largestActors(count: number): Promise<{ actor_id: string; entries: number }[]> {
    const index = await this.#parts.manifest.refreshed();
    const actors = Array.from(index.actors(), ([actor_id, { size }]) => ({ actor_id, entries: size }));
    return actors.toSorted((a, b) => b.entries - a.entries).slice(0, count);
  }

  /**
   * Keeps an image, or all images that an actor has now and later, from being evicted. Clearing still removes them.
   * @throws ImageCacheError NOT_CACHED for an image that is not cached, INVALID_ACTOR_ID
   */
  async pin(target: PinTarget): Promise<PinAnswer> {
    const pinned = await this.#pin(target, true);
    if (pinned > 0 || 'actor_id' in target) return { pinned };
    throw new ImageCacheError('NOT_CACHED', 'The image to be pinned is not cached.', { hint: 'Prefetch it first.' });
  }

  /** Removes a pin. An image that another actor has pinned stays pinned. */
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
      ...(this.isOffline && { offline: this.#parts.missed.stats }),
    };
  }

  /** What `GET /metrics` shows. Reading it changes nothing, and opens no directory. */
  metrics(): Promise<Metric[]> {
    return readMetrics({
      dir: this.#dir,
      parts: this.#parts,
      stats: this.#stats,
      freeSpace: this.#freeSpace,
      maxSize: this.#maxSize,
    });
  }

  /** Counts an answer that was an error, for {@link ImageCache.metrics}. */
  countError(code: ErrorCode): void {
    this.#stats.measures.errors.add({ code });
  }

  /**
   * Compares every file with the manifest and repairs what it can, while the cache serves. Calls during a run share it. The
   * signal is aborted when the caller has left.
   * @throws ImageCacheError ABORTED when all callers have left
   */
  async verify(options: { signal?: AbortSignal; onProgress?: ProgressListener } = {}): Promise<VerifyReport> {
    await this.#parts.manifest.refreshed();
    return this.#parts.verifier.verify(options.signal, options.onProgress);
  }

  /**
   * Makes a pack: a tar with images and what is known of them, for other machines, tests and CI. The same images make
   * the same bytes, whenever and wherever. It has no signatures, and looking at the images changes nothing. Images are read one at a time,
   * as the pack is; one that is removed meanwhile is passed over.
   * @example
   * await pipeline(cache.exportPack({ actorId: '0001' }), createWriteStream('images.tar'));
   * @throws ImageCacheError INVALID_ACTOR_ID, ABORTED, or for a URL of no configured bucket; when the pack is read
   */
  exportPack(options: ExportPackOptions = {}): AsyncGenerator<Uint8Array, void, void> {
    if (options.actorId !== undefined) parseActorId(options.actorId);
    return this.#parts.packs.export(options);
  }

  /**
   * Takes the images of a pack into the cache. Nothing in the pack is believed: each image must be of a configured bucket, and its bytes
   * are checked like those of a download. Files that fail are refused one by one, and the answer says why. Nothing is removed to make
   * room. An image that S3 has sent stays as it is.
   * @param pack the bytes of the tar, e.g. `createReadStream('images.tar')`
   * @throws ImageCacheError PACK_INVALID for what is no pack, PACK_TOO_LARGE for one that does not fit into `maxSize`, `maxEntries` or
   * `quotas`, CACHE_DISK_FULL, OVERLOADED, ABORTED; what was imported until then stays
   */
  importPack(pack: AsyncIterable<Uint8Array>, options: ImportPackOptions = {}): Promise<ImportAnswer> {
    return this.#parts.packs.import(pack, options);
  }

  /** An `ETag` that changes whenever the manifest does. */
  async manifestTag(): Promise<string> {
    await this.#parts.manifest.refreshed();
    return `"${this.#instance}-${this.#revision}"`;
  }

  /** Yields the manifest as text in chunks, for all images or for one actor's. `filter` returns false for entries to leave out. */
  async manifest(
    actorId?: string,
    filter?: (entry: ManifestEntry) => Promise<boolean>,
  ): Promise<AsyncIterable<string>> {
    const index = await this.#parts.manifest.refreshed();
    const entries = actorId === undefined ? index.toArray() : index.valuesOf(actorId);
    return serializeManifest(entries, { lastUpdated: this.#now(), filter });
  }

  /** Calls the listener on every change, including the changes of other processes. Returns a function that removes the listener. */
  onEvent(listener: (event: CacheEvent) => void): () => void {
    return this.#events.subscribe(listener);
  }

  /** Tells all who watch that what kept images from arriving is over: pages then ask again for those that have failed. */
  recovered(): void {
    this.#events.recovered();
  }

  /**
   * Like {@link ImageCache.onEvent}; also passes the entries of each change, and reports the end. Returns a function that
   * removes the watcher.
   */
  watch(watcher: CacheWatcher): () => void {
    return this.#events.watch(watcher);
  }

  /** Aborts running work, brings `manifest.json` up to date, and closes files and sockets. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#events.close();
    const downloads = this.#parts.fetcher.close();
    this.#source.close();
    void this.#parts.room.close(); // a running eviction ends when the manifest is closed
    await downloads;
    await this.insight.close();
    await this.#parts.manifest.close();
  }

  /** @throws ImageCacheError OFFLINE @param refused what is not done, as the beginning of a sentence */
  #ensureOnline(refused: string): void {
    if (this.isOffline) throw offlineRefusal(refused);
  }

  #refOf(url: string | Ref): Ref {
    return typeof url === 'string' ? this.identify(url) : url;
  }

  /** Returns the number of pinned or unpinned images. */
  async #pin(target: PinTarget, pinned: boolean): Promise<number> {
    if ('actor_id' in target) return this.#parts.pins.setActor(parseActorId(target.actor_id), pinned);
    return this.#parts.pins.setImage(this.#source.identify(target.s3_url).key, pinned);
  }

  #applied(applied: AppliedChange): void {
    this.#revision += 1;
    this.#stats.measures.applied(applied);
    for (const part of this.#parts.parts) part.applied?.(applied);
    const { store } = this.#parts.manifest;
    for (const { s3_url, sha256 } of applied.removed) {
      const isCompressed = store.index.get(s3_url)?.original_sha256 === sha256;
      if (!isCompressed) this.#stats.prefetched.evicted(s3_url);
    }
    this.#events.changed(applied, this.#parts.manifest.store.index);
  }

  /** The journal was read again, perhaps because the directory was emptied while the cache was open. */
  #reset(gone: ManifestEntry[]): void {
    this.#revision += 1;
    this.#parts.committer.reset();
    this.#parts.adoption.start();
    prepareDirectory(this.#dir, this.#now(), this.#fsync)
      .then(() => this.#parts.discovery.reset())
      .catch((error: unknown) => this.#logger.warn(fileError(error).message));
    void this.#lost(gone);
  }

  /** In batches of a few hundred, because there may be a million (T65). */
  async #lost(gone: readonly ManifestEntry[]): Promise<void> {
    this.#stats.measures.lost(gone.length);
    const timeSlice = new TimeSlice();
    for (const batch of inBatches(gone)) {
      for (const part of this.#parts.parts) part.lost?.(batch);
      this.#events.lost(batch);
      if (timeSlice.isOver) await timeSlice.yield();
    }
  }
}
