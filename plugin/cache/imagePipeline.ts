import { ImageCacheError } from '../errors.ts';
import type { ManifestEntry } from '../protocol.ts';
import { parseActorId } from './manifest/actorId.ts';
import type { ArrivingListener } from './fetch/fetcher.ts';
import type { CacheParts } from './createCacheParts.ts';
import { type CachedImage, type Reader, sentBytes } from './store/imageStore.ts';
import type { ImageRef } from './injected/source.ts';
import type { StatsCounter } from './reporting/statsCounter.ts';
import type { SizedImage } from './variants/sizedImage.ts';
import type { VariantSpec } from './variants/variantSpec.ts';
import type { Timeline } from '../timeline.ts';

/** The actor of requests that name none. */
export const DEFAULT_ACTOR_ID = 'default';

export interface ReadOptions extends Reader {
  /** The actor that uses the image from now on. @default 'default' */
  actorId?: string | undefined;
  /** Aborted when the requester has left. Read only if the request has to wait. */
  signal?: AbortSignal | undefined;
  onArriving?: ArrivingListener | undefined;
  /**
   * Waits for S3 to say whether a cached image is still current, and returns the current one. If an image was refused
   * before, its bytes are checked again. @default false
   */
  revalidate?: boolean | undefined;
  /** Returns true if the requester has the bytes with this SHA-256: then the file is not read, and the body is empty. */
  isKnown?: ((sha256: string) => boolean) | undefined;
  /** Gets the duration of each step. Read only if the image is not in memory. */
  timeline?: Timeline | undefined;
}

/** An image by its path or by its parsed URL, with the options of the request. */
export type AskedImage<Ref extends ImageRef> =
  | ({ path: string } & Pick<ReadOptions, 'signal' | 'timeline' | 'asFile'>)
  | ({ image: Ref } & ReadOptions);

export interface ImagePipelineOptions<Ref extends ImageRef> {
  parts: CacheParts<Ref>;
  stats: StatsCounter;
  now: () => number;
}

/**
 * Finds an image and reads it from the first of these places that has it:
 *
 * 1. the memory of this process,
 * 2. the disk, according to the manifest, which all processes on the directory share,
 * 3. a file without an entry in the directory, or a file in one of the fallback directories,
 * 4. S3, asked once for all waiting requests (`fetch/fetcher.ts` decides their order).
 *
 * {@link ImagePipeline.load} is that order in code. The methods are those of `ImageCache`, and documented there.
 */
export class ImagePipeline<Ref extends ImageRef> {
  readonly #parts: CacheParts<Ref>;
  readonly #stats: StatsCounter;
  readonly #now: () => number;

  constructor({ parts, stats, now }: ImagePipelineOptions<Ref>) {
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

  async readPath(path: string, options: Pick<ReadOptions, 'isKnown' | 'asFile'> = {}): Promise<CachedImage> {
    const entry = await this.#parts.manifest.get({ path });
    if (entry === undefined) {
      throw new ImageCacheError('NOT_CACHED', 'No cached image has this path.', {
        hint: 'Use the `local_path` of an entry of GET /manifest. If the image was cleared or evicted, request it by `?url=`.',
      });
    }
    const image = await this.#read(entry, options);
    if (image === undefined) {
      throw new ImageCacheError('CACHE_CORRUPT', 'The cached file was missing or damaged, and has been dropped.', {
        hint: 'Request the image by `?url=` to fetch it again.',
      });
    }
    return this.#served(image);
  }

  async load(image: Ref, options: ReadOptions = {}): Promise<CachedImage> {
    const read = (await this.#fromCache(image, options)) ?? (await this.#fetch(image, options));
    const { tier, outcome } = read;
    if (outcome !== undefined) this.#stats.measures.outcomes.add({ tier, outcome });
    return this.#served(read);
  }

  async readVariant(
    asked: AskedImage<Ref>,
    spec: VariantSpec,
    permit: (entry: ManifestEntry) => Promise<void> = () => Promise.resolve(),
  ): Promise<SizedImage> {
    const read = (signal?: AbortSignal) =>
      'path' in asked ? this.readPath(asked.path) : this.load(asked.image, { ...asked, asFile: false, signal });
    await this.#parts.manifest.open(); // only the whole manifest can tell which variants are still wanted
    const known = await ('path' in asked ? this.findPath(asked.path) : this.find(asked.image));
    const { entry, tier } = known === undefined ? await read(asked.signal) : { entry: known, tier: undefined };
    await permit(entry);
    if (known !== undefined && 'image' in asked) this.#parts.freshness.revalidateLater(asked.image, known);
    const readOriginal = async (signal?: AbortSignal, reader: Reader = {}) =>
      (await this.#parts.imageStore.readFor(entry, reader)) ?? (await read(signal));
    const { signal, asFile } = asked;
    const sized = await this.#parts.variants.read(entry, spec, { readOriginal, signal, asFile });
    if (tier !== undefined) return { ...sized, tier }; // counted when it was read
    this.#served(sized);
    return sized;
  }

  async find(image: Ref): Promise<ManifestEntry | undefined> {
    return (await this.#parts.manifest.get({ key: image.key })) ?? this.#parts.adoption.adopt(image);
  }

  findPath(path: string): Promise<ManifestEntry | undefined> {
    return this.#parts.manifest.get({ path });
  }

  /**
   * Reads an image that this or another process has stored, from memory or disk. It reads only the options that it needs,
   * because some are costly.
   */
  async #fromCache(image: Ref, options: ReadOptions): Promise<CachedImage | undefined> {
    const { manifest, freshness, refused } = this.#parts;
    const entry = await manifest.get({ key: image.key });
    const cached = entry === undefined ? undefined : await this.#read(entry, options);
    if (options.revalidate === true) refused.forget(image.key);
    if (cached === undefined) return undefined;
    if (options.revalidate !== true) return freshness.whileRevalidating(image, cached);
    const { signal, timeline } = options;
    return freshness.revalidated(image, cached, { signal, timeline });
  }

  /** An image that is stored for the actor from now on. */
  async #fetch(image: Ref, options: ReadOptions): Promise<CachedImage> {
    if (options.actorId !== undefined) parseActorId(options.actorId);
    return (await this.#fromUnlistedFile(image, options)) ?? this.#fromOrigin(image, options);
  }

  async #fromUnlistedFile(image: Ref, { actorId = DEFAULT_ACTOR_ID }: ReadOptions): Promise<CachedImage | undefined> {
    const entry = await this.#parts.adoption.adoptOrCopy(image, actorId);
    return entry === undefined ? undefined : this.#parts.imageStore.read(entry);
  }

  async #fromOrigin(image: Ref, options: ReadOptions): Promise<CachedImage> {
    const { actorId = DEFAULT_ACTOR_ID, signal, onArriving, timeline } = options;
    timeline?.mark('find');
    const request = { actorId, urgency: 'visible', signal, onArriving, timeline } as const;
    const { entry, body } = await this.#parts.fetcher.fetch(image, request);
    return { entry, body: body(), tier: 's3' };
  }

  async #read(
    entry: ManifestEntry,
    options: Pick<ReadOptions, 'isKnown' | 'asFile'>,
  ): Promise<CachedImage | undefined> {
    if (options.isKnown?.(entry.sha256) !== true) return this.#parts.imageStore.readFor(entry, options);
    return this.#parts.imageStore.peek(entry) ?? { entry, body: Buffer.alloc(0), tier: 'disk' };
  }

  #served(image: CachedImage): CachedImage {
    image.entry.last_used_at = this.#now();
    this.#parts.uses.add(image.entry);
    this.#parts.scheduleBackgroundWork(image.entry);
    this.#parts.preloader.served(image.entry);
    this.#parts.memory.preloaded.hit(image.entry.sha256);
    this.#stats.prefetched.hit(image.entry.s3_url);
    this.#stats.served(image.tier, sentBytes(image));
    if (image.tier === 'memory') this.#parts.activity.countHit(image);
    return image;
  }
}
