import { randomUUID } from 'node:crypto';
import { ImageCacheError } from '../errors.ts';
import type {
  CacheEvent,
  CacheStats,
  ClearAnswer,
  ManifestEntry,
  PrefetchImage,
  PrefetchResult,
  Priority,
} from '../protocol.ts';
import { redact } from '../redact.ts';
import { BlobStore } from './blobs.ts';
import { prepareDirectory } from './directory.ts';
import { Downloader } from './downloader.ts';
import { EventHub } from './eventHub.ts';
import { fileError } from './fileError.ts';
import type { ImageCacheSettings } from './imageCacheSettings.ts';
import { JournalManifest } from './journalManifest.ts';
import { LiveManifest } from './liveManifest.ts';
import type { ManifestChange } from './journalRecord.ts';
import type { CacheLogger } from './logger.ts';
import { actorsOf } from './manifestEntry.ts';
import type { AppliedChange, ManifestStore } from './manifestStore.ts';
import { MemoryTier } from './memory.ts';
import { MissPath } from './missPath.ts';
import { type CachedImage, Shelf } from './shelf.ts';
import { serializeManifest } from './snapshot.ts';
import type { Source, SourceObject } from './source.ts';
import { StatsCounter } from './stats.ts';

/** The actor of images that were asked for without one. */
const DEFAULT_ACTOR_ID = 'default';

/**
 * The cache: images by object, from memory, from disk, or fetched once for all who ask. Opens its directory on first
 * use. Knows no Vite, no Express and no S3.
 */
export class ImageCache<Object extends SourceObject = SourceObject> {
  readonly #source: Source<Object>;
  readonly #dir: string;
  readonly #now: () => number;
  readonly #logger: CacheLogger;
  readonly #store: ManifestStore;
  readonly #manifest: LiveManifest;
  readonly #blobs: BlobStore;
  readonly #memory: MemoryTier;
  readonly #shelf: Shelf;
  readonly #downloader: Downloader<Object>;
  readonly #missPath: MissPath<Object>;
  readonly #stats = new StatsCounter();
  readonly #events: EventHub;
  readonly #instance = randomUUID();
  /** Counts changes. */
  #revision = 0;
  #closing: Promise<void> | undefined;

  constructor(settings: ImageCacheSettings<Object>) {
    const { dir, prefix, source, inspect, logger, now = Date.now } = settings;
    const sync = settings.durability === 'full';
    const warn = (message: string) => logger.warn(message);
    this.#events = new EventHub(warn);
    this.#source = source;
    this.#dir = dir;
    this.#now = now;
    this.#logger = logger;
    const observer = {
      applied: (applied: AppliedChange) => this.#applied(applied),
      reset: (gone: ManifestEntry[]) => this.#reset(gone),
      warn,
    };
    const store = new JournalManifest({ dir, prefix, sync, now, observer });
    const manifest = new LiveManifest({ store, dir, now, logger });
    const blobs = new BlobStore({ dir, sync, now });
    const memory = new MemoryTier(settings.memoryMaxSize);
    const shelf = new Shelf({ store, blobs, memory, warn });
    const downloader = new Downloader({ source, store, blobs, inspect, now, sync });
    const { concurrency } = settings;
    this.#missPath = new MissPath({
      manifest,
      shelf,
      downloader,
      limits: settings,
      concurrency,
      stats: this.#stats,
      logger,
    });
    this.#store = store;
    this.#manifest = manifest;
    this.#blobs = blobs;
    this.#memory = memory;
    this.#shelf = shelf;
    this.#downloader = downloader;
  }

  /** An image by `local_path`, if it is in memory: the hot path, without a promise. */
  peek(path: string): CachedImage | undefined {
    if (!this.#manifest.isOpen) return undefined;
    const entry = this.#store.index.getByPath(path);
    const image = entry === undefined ? undefined : this.#shelf.peek(entry);
    if (image === undefined) return undefined;
    this.#manifest.lookAround();
    return this.#served(image);
  }

  /**
   * An image by `local_path`, from memory or disk.
   * @throws ImageCacheError NOT_CACHED, or CACHE_CORRUPT when its file was damaged (it is fetched again by URL)
   */
  async readPath(path: string): Promise<CachedImage> {
    const entry = await this.#manifest.find((index) => index.getByPath(path));
    if (entry === undefined) {
      throw new ImageCacheError('NOT_CACHED', 'No cached image has this path.', {
        hint: 'Paths are the `local_path` of an entry of GET /manifest. The image may have been cleared or evicted: ask for it by `?url=`.',
      });
    }
    const image = await this.#shelf.read(entry);
    if (image === undefined) {
      throw new ImageCacheError('CACHE_CORRUPT', 'The cached file was missing or damaged, and has been dropped.', {
        hint: 'Ask for the image by `?url=` to fetch it again.',
      });
    }
    return this.#served(image);
  }

  /**
   * An image by any URL of its object: from memory or disk, else downloaded, once for all who wait and ahead of every
   * prefetch. The signal tells that whoever asked has left.
   * @throws ImageCacheError
   */
  async readUrl(url: string, actorId = DEFAULT_ACTOR_ID, signal?: AbortSignal): Promise<CachedImage> {
    const object = this.#source.identify(url);
    const entry = await this.#manifest.find((index) => index.get(object.key));
    const cached = entry === undefined ? undefined : await this.#shelf.read(entry);
    if (cached !== undefined) return this.#served(cached);
    const fetched = await this.#missPath.fetch(object, { actorId, urgency: 'visible', signal });
    return this.#served({ ...fetched, tier: 's3' });
  }

  /** The entry of an object, if it is cached. @throws ImageCacheError for a URL of no configured bucket */
  async find(url: string): Promise<ManifestEntry | undefined> {
    const { key } = this.#source.identify(url);
    return this.#manifest.find((index) => index.get(key));
  }

  /** The entry at a `local_path`, if there is one. */
  findPath(path: string): Promise<ManifestEntry | undefined> {
    return this.#manifest.find((index) => index.getByPath(path));
  }

  /** The entries of many URLs; `undefined` for what is not cached and for what no bucket of ours holds. */
  async lookup(urls: readonly string[]): Promise<(ManifestEntry | undefined)[]> {
    const index = await this.#manifest.refreshed();
    return urls.map((url) => {
      try {
        return index.get(this.#source.identify(url).key);
      } catch {
        return undefined;
      }
    });
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
      const entry = await this.#manifest.find((index) => index.get(object.key));
      if (entry !== undefined && (await this.#blobs.has(entry))) {
        return { s3_url, status: 'cached', entry: await this.#missPath.claim(entry, actorId) };
      }
      const named = image.filename === undefined ? object : { ...object, filename: image.filename };
      const fetched = await this.#missPath.fetch(named, { actorId, urgency: priority, signal });
      return { s3_url, status: 'downloaded', entry: fetched.entry };
    } catch (error) {
      const failure = ImageCacheError.from(error);
      if (failure.code !== 'ABORTED') this.#logger.warn(`${s3_url}: ${failure.code} ${failure.message}`);
      return { s3_url, status: 'failed', error: failure.toItem() };
    }
  }

  /** Forgets one object, in memory and on disk. Returns how many entries that were. */
  async invalidate(url: string): Promise<number> {
    const { key } = this.#source.identify(url);
    await this.#manifest.open();
    const { removed } = await this.#store.append({ op: 'delete', keys: [key], reason: 'invalidated' });
    await this.#shelf.remove(removed);
    return removed.length;
  }

  /** Forgets what only this actor uses; without an actor, everything. Pinned images go too: it was asked for. */
  async clear(actorId?: string): Promise<ClearAnswer> {
    const index = await this.#manifest.refreshed();
    const before = actorId === undefined ? index.size : index.keysOf(actorId).size;
    const { removed } = await this.#appendClear(actorId);
    await this.#shelf.remove(removed);
    return {
      cleared: removed.length,
      freed_bytes: removed.reduce((sum, entry) => sum + entry.size_bytes, 0),
      kept: Math.max(0, before - removed.length),
    };
  }

  /** `GET /stats` */
  async stats(): Promise<CacheStats> {
    return this.#stats.report(await this.#manifest.refreshed(), this.#memory, this.#missPath);
  }

  /** Changes whenever the manifest does; for `ETag`. */
  async manifestTag(): Promise<string> {
    await this.#manifest.refreshed();
    return `"${this.#instance}-${this.#revision}"`;
  }

  /** The manifest as text in chunks, of all images or one actor's; `filter` leaves entries out. */
  async manifest(actorId?: string, filter?: (entry: ManifestEntry) => Promise<boolean>): Promise<Iterable<string>> {
    const index = await this.#manifest.refreshed();
    const entries =
      actorId === undefined ? [...index.values()] : [...index.keysOf(actorId)].flatMap((key) => index.get(key) ?? []);
    if (filter === undefined) return serializeManifest(entries, this.#now());
    const allowed: ManifestEntry[] = [];
    for (const entry of entries) if (await filter(entry)) allowed.push(entry);
    return serializeManifest(allowed, this.#now());
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
    const downloads = this.#missPath.close();
    this.#source.close();
    await downloads;
    await this.#manifest.close();
  }

  /** A full disk has no room for the record of a removal, either; then the files go first, which makes some. */
  async #appendClear(actorId: string | undefined): Promise<AppliedChange> {
    const change: ManifestChange = { op: 'clear', ...(actorId !== undefined && { actor: actorId }) };
    try {
      return await this.#store.append(change);
    } catch (error) {
      if (ImageCacheError.from(error).code !== 'CACHE_DISK_FULL') throw error;
      const doomed = [...this.#store.index.values()].filter(
        (entry) => actorId === undefined || actorsOf(entry).every((actor) => actor === actorId),
      );
      for (const entry of doomed) await this.#blobs.remove(entry);
      return this.#store.append(change);
    }
  }

  #applied(applied: AppliedChange): void {
    this.#revision += 1;
    this.#shelf.forget(applied.removed);
    this.#downloader.observe(applied.change);
    this.#events.changed(applied, this.#store.index);
  }

  /** The journal was read anew, perhaps because the directory was emptied under us. */
  #reset(gone: ManifestEntry[]): void {
    this.#revision += 1;
    this.#shelf.forget(gone);
    prepareDirectory(this.#dir, this.#now()).catch((error: unknown) => this.#logger.warn(fileError(error).message));
    this.#events.lost(gone);
  }

  #served(image: CachedImage): CachedImage {
    image.entry.last_used_at = this.#now();
    this.#stats.served(image.tier, image.body.length);
    return image;
  }
}
