import { ImageCacheError } from '../errors.ts';
import type { ManifestEntry } from '../protocol.ts';
import type { ArrivingListener } from './fetch/fetcher.ts';
import type { CacheParts } from './createCacheParts.ts';
import type { CachedImage } from './store/imageStore.ts';
import type { Source, ImageRef } from './injected/source.ts';
import type { StatsCounter } from './reporting/statsCounter.ts';
import type { SizedImage } from './variants/sizedImage.ts';
import type { VariantSpec } from './variants/variantSpec.ts';
import type { Timeline } from '../timeline.ts';

/** The actor of images that were asked for without one. */
export const DEFAULT_ACTOR_ID = 'default';

export interface ReadOptions {
  /** Who uses the image from now on. @default 'default' */
  actorId?: string | undefined;
  /** Aborted when whoever asked has left. Looked at only where there is something to wait for. */
  signal?: AbortSignal | undefined;
  onArriving?: ArrivingListener | undefined;
  /**
   * Waits until S3 has said whether a cached image is still the current one, and answers with that; of an object that was
   * refused, the bytes are looked at again. @default false
   */
  revalidate?: boolean | undefined;
  /** Whether bytes are known to whoever asks, by their SHA-256: then a file is not read for them, and the body is empty. */
  isKnown?: ((sha256: string) => boolean) | undefined;
  /** Told what was waited for. Looked at only where the image is not in memory. */
  timeline?: Timeline | undefined;
}

/** An image by its path or by its URL, and who asks for it. */
export type AskedImage = ({ path: string } & Pick<ReadOptions, 'signal'>) | ({ url: string } & ReadOptions);

export interface ReaderOptions<Ref extends ImageRef> {
  source: Source<Ref>;
  parts: CacheParts<Ref>;
  stats: StatsCounter;
  now: () => number;
}

/** Finds images and reads them, from wherever they are. The methods are those of `ImageCache`, and documented there. */
export class Reader<Ref extends ImageRef> {
  readonly #source: Source<Ref>;
  readonly #parts: CacheParts<Ref>;
  readonly #stats: StatsCounter;
  readonly #now: () => number;

  constructor({ source, parts, stats, now }: ReaderOptions<Ref>) {
    this.#source = source;
    this.#parts = parts;
    this.#stats = stats;
    this.#now = now;
  }

  peek(path: string): CachedImage | undefined {
    if (!this.#parts.manifest.isOpen || this.#parts.manifest.isStale) return undefined;
    const entry = this.#parts.manifest.store.index.getByPath(path);
    const image = entry === undefined ? undefined : this.#parts.imageStore.peek(entry);
    if (image === undefined) return undefined;
    this.#parts.manifest.lookAround();
    return this.#served(image);
  }

  async readPath(path: string, { isKnown }: Pick<ReadOptions, 'isKnown'> = {}): Promise<CachedImage> {
    const entry = await this.#parts.manifest.findToServe({ path });
    if (entry === undefined) {
      throw new ImageCacheError('NOT_CACHED', 'No cached image has this path.', {
        hint: 'Paths are the `local_path` of an entry of GET /manifest. The image may have been cleared or evicted: ask for it by `?url=`.',
      });
    }
    const image = await this.#read(entry, isKnown);
    if (image === undefined) {
      throw new ImageCacheError('CACHE_CORRUPT', 'The cached file was missing or damaged, and has been dropped.', {
        hint: 'Ask for the image by `?url=` to fetch it again.',
      });
    }
    return this.#served(image);
  }

  async readUrl(url: string, options: ReadOptions = {}): Promise<CachedImage> {
    const { actorId = DEFAULT_ACTOR_ID, onArriving, revalidate = false, isKnown } = options;
    const object = this.#source.identify(url);
    const entry = await this.#parts.manifest.findToServe({ key: object.key });
    const cached = entry === undefined ? undefined : await this.#read(entry, isKnown);
    if (cached !== undefined) {
      const { freshness } = this.#parts;
      if (!revalidate) return this.#served(freshness.whileRevalidating(object, cached));
      this.#parts.refused.forget(object.key);
      const { signal, timeline } = options;
      return this.#served(await freshness.revalidated(object, cached, { signal, timeline }));
    }
    const adopted = await this.#parts.adoption.adoptOrCopy(object, actorId);
    const found = adopted === undefined ? undefined : await this.#parts.imageStore.read(adopted);
    if (found !== undefined) return this.#served(found);
    if (revalidate) this.#parts.refused.forget(object.key);
    const { signal, timeline } = options;
    timeline?.mark('find');
    const request = { actorId, urgency: 'visible', signal, onArriving, timeline } as const;
    const { entry: stored, body } = await this.#parts.fetcher.fetch(object, request);
    return this.#served({ entry: stored, body: body(), tier: 's3' });
  }

  async readVariant(
    image: AskedImage,
    spec: VariantSpec,
    permit: (entry: ManifestEntry) => Promise<void> = () => Promise.resolve(),
  ): Promise<SizedImage> {
    const read = (signal?: AbortSignal) =>
      'path' in image ? this.readPath(image.path) : this.readUrl(image.url, { ...image, signal });
    await this.#parts.manifest.open(); // which variants are still wanted only the whole manifest can tell
    const known = await ('path' in image ? this.findPath(image.path) : this.find(image.url));
    const { entry, tier } = known === undefined ? await read(image.signal) : { entry: known, tier: undefined };
    await permit(entry);
    if (known !== undefined && 'url' in image) {
      this.#parts.freshness.revalidateLater(this.#source.identify(image.url), known);
    }
    const readOriginal = async (signal?: AbortSignal) =>
      (await this.#parts.imageStore.read(entry)) ?? (await read(signal));
    const sized = await this.#parts.variants.read(entry, spec, { readOriginal, signal: image.signal });
    if (tier !== undefined) return { ...sized, tier }; // counted when it was read
    this.#served(sized);
    return sized;
  }

  async find(url: string): Promise<ManifestEntry | undefined> {
    const object = this.#source.identify(url);
    return (await this.#parts.manifest.findToServe({ key: object.key })) ?? this.#parts.adoption.adopt(object);
  }

  findPath(path: string): Promise<ManifestEntry | undefined> {
    return this.#parts.manifest.findToServe({ path });
  }

  async #read(entry: ManifestEntry, isKnown: ReadOptions['isKnown']): Promise<CachedImage | undefined> {
    if (isKnown?.(entry.sha256) !== true) return this.#parts.imageStore.read(entry);
    return this.#parts.imageStore.peek(entry) ?? { entry, body: Buffer.alloc(0), tier: 'disk' };
  }

  #served(image: CachedImage): CachedImage {
    image.entry.last_used_at = this.#now();
    this.#parts.uses.add(image.entry);
    this.#parts.scheduleBackgroundWork(image.entry);
    this.#parts.preloader.served(image.entry);
    this.#parts.memory.preloaded.hit(image.entry.sha256);
    this.#stats.prefetched.hit(image.entry.s3_url);
    this.#stats.served(image.tier, image.body.length);
    return image;
  }
}
