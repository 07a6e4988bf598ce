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
import { readCacheId } from './files/cacheId.ts';
import { prepareDirectory } from './files/directory.ts';
import { type CacheWatcher, EventHub } from './eventHub.ts';
import { fileError } from './files/fileError.ts';
import type { ImageCacheSettings } from './imageCacheSettings.ts';
import { inParts } from './inParts.ts';
import type { CacheLogger } from './logger.ts';
import type { ArrivingListener } from './downloads/missPath.ts';
import type { PrefetchOptions } from './downloads/prefetcher.ts';
import type { AppliedChange } from './manifest/manifestStore.ts';
import { Pacer } from './pacer.ts';
import { type CacheParts, assembleParts } from './parts.ts';
import type { CachedImage } from './shelf.ts';
import { serializeManifest } from './manifest/snapshot.ts';
import type { Source, SourceObject } from './source.ts';
import { StatsCounter } from './stats.ts';
import type { ProgressListener } from './discovery/verifier.ts';
import type { SizedImage } from './variants/sizedImage.ts';
import type { VariantSpec } from './variants/variantSpec.ts';

/** The actor of images that were asked for without one. */
const DEFAULT_ACTOR_ID = 'default';

export interface ReadOptions {
  /** Who uses the image from now on. @default 'default' */
  actorId?: string | undefined;
  /** Aborted when whoever asked has left. */
  signal?: AbortSignal | undefined;
  onArriving?: ArrivingListener | undefined;
  /** Waits until S3 has said whether a cached image is still the current one, and answers with that. @default false */
  revalidate?: boolean | undefined;
}

/**
 * The cache: images by object, from memory, from disk, or fetched once for all who ask. Opens its directory on first
 * use. Knows no Vite, no Express and no S3.
 */
export class ImageCache<Object extends SourceObject = SourceObject> {
  readonly #source: Source<Object>;
  readonly #dir: string;
  readonly #sync: boolean;
  readonly #now: () => number;
  readonly #logger: CacheLogger;
  readonly #parts: CacheParts<Object>;
  readonly #stats = new StatsCounter();
  readonly #events: EventHub;
  readonly #instance = randomUUID();
  /** Counts changes. */
  #revision = 0;
  #closing: Promise<void> | undefined;

  constructor(settings: ImageCacheSettings<Object>) {
    const { dir, source, logger, now = Date.now } = settings;
    this.#source = source;
    this.#dir = dir;
    this.#sync = settings.durability === 'full';
    this.#now = now;
    this.#logger = logger;
    this.#events = new EventHub((message) => logger.warn(message));
    this.#parts = assembleParts(settings, this.#stats, {
      applied: (applied) => this.#applied(applied),
      reset: (gone) => this.#reset(gone),
      warn: (message) => logger.warn(message),
    });
  }

  /** An image by `local_path`, if it is in memory: the hot path, without a promise. */
  peek(path: string): CachedImage | undefined {
    if (!this.#parts.manifest.isOpen) return undefined;
    const entry = this.#parts.manifest.store.index.getByPath(path);
    const image = entry === undefined ? undefined : this.#parts.shelf.peek(entry);
    if (image === undefined) return undefined;
    this.#parts.manifest.lookAround();
    return this.#served(image);
  }

  /**
   * An image by `local_path`, from memory or disk.
   * @throws ImageCacheError NOT_CACHED, or CACHE_CORRUPT when its file was damaged (it is fetched again by URL)
   */
  async readPath(path: string): Promise<CachedImage> {
    const entry = await this.#parts.manifest.findToServe({ path });
    if (entry === undefined) {
      throw new ImageCacheError('NOT_CACHED', 'No cached image has this path.', {
        hint: 'Paths are the `local_path` of an entry of GET /manifest. The image may have been cleared or evicted: ask for it by `?url=`.',
      });
    }
    const image = await this.#parts.shelf.read(entry);
    if (image === undefined) {
      throw new ImageCacheError('CACHE_CORRUPT', 'The cached file was missing or damaged, and has been dropped.', {
        hint: 'Ask for the image by `?url=` to fetch it again.',
      });
    }
    return this.#served(image);
  }

  /**
   * An image by any URL of its object: from memory or disk, else downloaded, once for all who wait and ahead of every
   * prefetch. Resolves when the image is stored; `onArriving` hears of a download as soon as it can be shown. A stale image
   * (see `revalidate` of the options) is answered at once, and S3 is asked in the background.
   * @throws ImageCacheError
   */
  async readUrl(url: string, options: ReadOptions = {}): Promise<CachedImage> {
    const { actorId = DEFAULT_ACTOR_ID, signal, onArriving, revalidate = false } = options;
    const object = this.#source.identify(url);
    const entry = await this.#parts.manifest.findToServe({ key: object.key });
    const cached = entry === undefined ? undefined : await this.#parts.shelf.read(entry);
    if (cached !== undefined) {
      const { freshness } = this.#parts;
      if (!revalidate) return this.#served(freshness.whileRevalidating(object, cached));
      return this.#served(await freshness.revalidated(object, cached, signal));
    }
    const adopted = await this.#parts.adoption.adoptOrCopy(object, actorId);
    const found = adopted === undefined ? undefined : await this.#parts.shelf.read(adopted);
    if (found !== undefined) return this.#served(found);
    const fetched = await this.#parts.missPath.fetch(object, { actorId, urgency: 'visible', signal, onArriving });
    return this.#served({ ...fetched, tier: 's3' });
  }

  /**
   * An image in another size or format: a stored variant, else one made from the original, which is downloaded first if
   * need be. The original itself where it serves better, or where nothing is there to make variants with.
   * @throws ImageCacheError TOO_MANY_PIXELS, UNDECODABLE, and what the reading of the original throws
   */
  async readVariant(image: { path: string } | ({ url: string } & ReadOptions), spec: VariantSpec): Promise<SizedImage> {
    const read = () => ('path' in image ? this.readPath(image.path) : this.readUrl(image.url, image));
    await this.#parts.manifest.open(); // which variants are still wanted only the whole manifest can tell
    const known = await ('path' in image ? this.findPath(image.path) : this.find(image.url));
    if (known !== undefined && 'url' in image) {
      this.#parts.freshness.revalidateLater(this.#source.identify(image.url), known);
    }
    const { entry, tier } = known === undefined ? await read() : { entry: known, tier: undefined };
    const readOriginal = async () => (await this.#parts.shelf.read(entry)) ?? (await read());
    const sized = await this.#parts.variants.read(entry, spec, readOriginal);
    if (tier !== undefined) return { ...sized, tier }; // counted when it was read
    this.#served(sized);
    return sized;
  }

  /** The entry of an object, if it is cached. @throws ImageCacheError for a URL of no configured bucket */
  async find(url: string): Promise<ManifestEntry | undefined> {
    const object = this.#source.identify(url);
    return (await this.#parts.manifest.findToServe({ key: object.key })) ?? this.#parts.adoption.adopt(object);
  }

  /** The entry at a `local_path`, if there is one. */
  findPath(path: string): Promise<ManifestEntry | undefined> {
    return this.#parts.manifest.findToServe({ path });
  }

  /** The entries of many URLs; `undefined` for what is not cached and for what no bucket of ours holds. */
  async lookup(urls: readonly string[]): Promise<(ManifestEntry | undefined)[]> {
    const index = await this.#parts.manifest.refreshed();
    const entries = urls.map(async (url) => {
      try {
        const object = this.#source.identify(url);
        return index.get(object.key) ?? (await this.#parts.adoption.adopt(object));
      } catch {
        return undefined;
      }
    });
    return Promise.all(entries);
  }

  /** Sees to it that an image is cached. Never rejects: what went wrong is in the result. */
  prefetch(image: PrefetchImage, actorId: string, options: PrefetchOptions = {}): Promise<PrefetchResult> {
    return this.#parts.prefetcher.prefetch(image, actorId, options);
  }

  /** Forgets one object, in memory and on disk. Returns how many entries that were. */
  async invalidate(url: string): Promise<number> {
    return this.#parts.removal.invalidate(this.#source.identify(url).key);
  }

  /** Forgets what only this actor uses; without an actor, everything. Pinned images go too: it was asked for. */
  clear(actorId?: string): Promise<ClearAnswer> {
    return this.#parts.removal.clear(actorId);
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
    const { count, bytes } = this.#parts.discovery.unclaimed;
    return {
      cache_id: await readCacheId(this.#dir).catch(() => ''),
      ...this.#stats.report(index, this.#parts.memory, this.#parts.missPath),
      unclaimed: { files: count, size_bytes: bytes },
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
    const downloads = this.#parts.missPath.close();
    this.#source.close();
    this.#parts.evictor.close();
    await downloads;
    await this.#parts.verifier.close();
    await this.#parts.fallback.close();
    await this.#parts.variants.close();
    await this.#parts.uses.record();
    await this.#parts.manifest.close();
  }

  /** Returns how many images the change was about. */
  async #pin(target: PinTarget, pinned: boolean): Promise<number> {
    if ('actor_id' in target) return this.#parts.pins.setActor(target.actor_id, pinned);
    return this.#parts.pins.setImage(this.#source.identify(target.s3_url).key, pinned);
  }

  #applied(applied: AppliedChange): void {
    this.#revision += 1;
    this.#parts.shelf.forget(applied.removed);
    for (const { s3_url } of applied.removed) this.#stats.prefetched.gone(s3_url);
    this.#parts.variantStore.observe(applied.removed);
    this.#parts.downloader.observe(applied.change);
    this.#parts.revalidator.observe(applied.change);
    this.#parts.adoption.observe(applied.change);
    this.#parts.discovery.observe(applied.change);
    this.#events.changed(applied, this.#parts.manifest.store.index);
  }

  /** The journal was read anew, perhaps because the directory was emptied under us. */
  #reset(gone: ManifestEntry[]): void {
    this.#revision += 1;
    prepareDirectory(this.#dir, this.#now(), this.#sync)
      .then(() => this.#parts.discovery.reset())
      .catch((error: unknown) => this.#logger.warn(fileError(error).message));
    void this.#lost(gone);
  }

  /** A few hundred at a time: it may be a million (T65). */
  async #lost(gone: readonly ManifestEntry[]): Promise<void> {
    const pacer = new Pacer();
    for (const part of inParts(gone)) {
      this.#parts.shelf.forget(part);
      this.#parts.variantStore.observe(part);
      this.#events.lost(part);
      if (pacer.isDue) await pacer.turn();
    }
  }

  #served(image: CachedImage): CachedImage {
    image.entry.last_used_at = this.#now();
    this.#parts.uses.add(image.entry);
    this.#parts.placeholders.add(image.entry);
    this.#parts.preloader.served(image.entry);
    this.#parts.memory.preloaded.used(image.entry.sha256);
    this.#stats.prefetched.used(image.entry.s3_url);
    this.#stats.served(image.tier, image.body.length);
    return image;
  }
}
