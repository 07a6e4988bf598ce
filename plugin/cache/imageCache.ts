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
  Priority,
  VerifyReport,
} from '../protocol.ts';
import { redact } from '../redact.ts';
import { readCacheId } from './files/cacheId.ts';
import { prepareDirectory } from './files/directory.ts';
import { EventHub } from './eventHub.ts';
import { fileError } from './files/fileError.ts';
import type { ImageCacheSettings } from './imageCacheSettings.ts';
import type { CacheLogger } from './logger.ts';
import type { ArrivingListener } from './downloads/missPath.ts';
import type { AppliedChange } from './manifest/manifestStore.ts';
import { type CacheParts, assembleParts } from './parts.ts';
import type { CachedImage } from './shelf.ts';
import { serializeManifest } from './manifest/snapshot.ts';
import type { Source, SourceObject } from './source.ts';
import { StatsCounter } from './stats.ts';
import type { ProgressListener } from './discovery/verifier.ts';

/** The actor of images that were asked for without one. */
const DEFAULT_ACTOR_ID = 'default';

export interface ReadOptions {
  /** Who uses the image from now on. @default 'default' */
  actorId?: string | undefined;
  /** Aborted when whoever asked has left. */
  signal?: AbortSignal | undefined;
  onArriving?: ArrivingListener | undefined;
}

/**
 * The cache: images by object, from memory, from disk, or fetched once for all who ask. Opens its directory on first
 * use. Knows no Vite, no Express and no S3.
 */
export class ImageCache<Object extends SourceObject = SourceObject> {
  readonly #source: Source<Object>;
  readonly #dir: string;
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
   * prefetch. Resolves when the image is stored; `onArriving` hears of a download as soon as it can be shown.
   * @throws ImageCacheError
   */
  async readUrl(url: string, options: ReadOptions = {}): Promise<CachedImage> {
    const { actorId = DEFAULT_ACTOR_ID, signal, onArriving } = options;
    const object = this.#source.identify(url);
    const entry = await this.#parts.manifest.findToServe({ key: object.key });
    const cached = entry === undefined ? undefined : await this.#parts.shelf.read(entry);
    if (cached !== undefined) return this.#served(cached);
    const adopted = await this.#parts.adoption.adoptOrCopy(object, actorId);
    const found = adopted === undefined ? undefined : await this.#parts.shelf.read(adopted);
    if (found !== undefined) return this.#served(found);
    const fetched = await this.#parts.missPath.fetch(object, { actorId, urgency: 'visible', signal, onArriving });
    return this.#served({ ...fetched, tier: 's3' });
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
  async prefetch(
    image: PrefetchImage,
    actorId: string,
    priority: Priority = 'normal',
    signal?: AbortSignal,
  ): Promise<PrefetchResult> {
    let s3_url = redact(image.s3_url.split(/[?#]/, 1)[0] ?? '').slice(0, 2048);
    try {
      const object = this.#source.identify(image.s3_url);
      s3_url = object.key;
      const entry = await this.#parts.manifest.find((index) => index.get(object.key));
      const named = image.filename === undefined ? object : { ...object, filename: image.filename };
      const cached = (await this.#ifThere(entry)) ?? (await this.#parts.adoption.adoptOrCopy(named, actorId));
      if (cached !== undefined) {
        return { s3_url, status: 'cached', entry: await this.#parts.missPath.claim(cached, actorId) };
      }
      const fetched = await this.#parts.missPath.fetch(named, { actorId, urgency: priority, signal });
      return { s3_url, status: 'downloaded', entry: fetched.entry };
    } catch (error) {
      const failure = ImageCacheError.from(error);
      if (failure.code !== 'ABORTED') this.#logger.warn(`${s3_url}: ${failure.code} ${failure.message}`);
      return { s3_url, status: 'failed', error: failure.toItem() };
    }
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
    this.#parts.downloader.observe(applied.change);
    this.#parts.adoption.observe(applied.change);
    this.#parts.discovery.observe(applied.change);
    this.#events.changed(applied, this.#parts.manifest.store.index);
  }

  /** The journal was read anew, perhaps because the directory was emptied under us. */
  #reset(gone: ManifestEntry[]): void {
    this.#revision += 1;
    this.#parts.shelf.forget(gone);
    prepareDirectory(this.#dir, this.#now())
      .then(() => this.#parts.discovery.reset())
      .catch((error: unknown) => this.#logger.warn(fileError(error).message));
    this.#events.lost(gone);
  }

  /** An entry whose file is gone is dropped, so that another file can be adopted in its place. */
  async #ifThere(entry: ManifestEntry | undefined): Promise<ManifestEntry | undefined> {
    if (entry === undefined) return undefined;
    return (await this.#parts.blobs.has(entry)) || (await this.#parts.shelf.read(entry)) !== undefined
      ? entry
      : undefined;
  }

  #served(image: CachedImage): CachedImage {
    image.entry.last_used_at = this.#now();
    this.#parts.uses.add(image.entry.s3_url);
    this.#stats.served(image.tier, image.body.length);
    return image;
  }
}
