import { ImageCacheError } from '../../errors.ts';
import type { ImageMeta, ManifestEntry, PrefetchImage, PrefetchResult, Urgency } from '../../protocol.ts';
import { parseActorId } from '../manifest/actorId.ts';
import type { Adoption } from '../discovery/adoption.ts';
import type { BlobStore } from '../files/blobStore.ts';
import type { Freshness, Revalidation } from './freshness.ts';
import type { SharedManifest } from '../manifest/sharedManifest.ts';
import { isSameMeta } from '../manifest/imageMeta.ts';
import { reportFailure, withoutQuery } from '../reporting/reportFailure.ts';
import type { CacheLogger } from '../injected/cacheLogger.ts';
import type { FetchRequest, Fetcher } from './fetcher.ts';
import type { RefusedObjects } from './refusedObjects.ts';
import type { ImageStore } from '../store/imageStore.ts';
import type { Source, ImageRef } from '../injected/source.ts';
import { Timeline } from '../../timeline.ts';
import type { StatsCounter } from '../reporting/statsCounter.ts';

export interface PrefetchOptions {
  /** With `'visible'`, a stale image is returned at once, and S3 is asked in the background. @default 'normal' */
  priority?: Urgency | undefined;
  /** Identifies the caller, of one image or of many; aborted when it has left. Callers take turns. */
  signal?: AbortSignal | undefined;
  /** Asks S3 whether a cached image has changed, however fresh it is. @default false */
  revalidate?: boolean | undefined;
}

export interface PrefetcherOptions<Ref extends ImageRef> {
  source: Source<Ref>;
  manifest: SharedManifest;
  blobs: BlobStore;
  imageStore: ImageStore;
  stats: StatsCounter;
  adoption: Adoption;
  freshness: Freshness<Ref>;
  refused: RefusedObjects;
  fetcher: Fetcher<Ref>;
  /** Called with the entry of every image that is cached. */
  scheduleBackgroundWork: (entry: ManifestEntry) => void;
  /** Called with each image that was downloaded because it was not cached. */
  downloaded: (image: { entry: ManifestEntry; actorId: string; urgency: Urgency; timeline: Timeline }) => void;
  /** Called with each failure. The URL has no signature. */
  failed: (request: { s3_url: string; actor_id: string }, error: ImageCacheError) => void;
  logger: CacheLogger;
}

/** The result of an image that is in the cache now. */
type CachedResult = Exclude<PrefetchResult, { status: 'failed' }>;

/** Maximum number of downloads of an image that is invalidated meanwhile. */
const MAX_ATTEMPTS = 3;
const NOT_ASKED: Revalidation = {};

/** Caches images before they are requested, with as few requests to S3 as possible. */
export class Prefetcher<Ref extends ImageRef> {
  readonly #options: PrefetcherOptions<Ref>;

  constructor(options: PrefetcherOptions<Ref>) {
    this.#options = options;
  }

  /** Never rejects: the result contains any failure. */
  async prefetch(image: PrefetchImage, actorId: string, options: PrefetchOptions): Promise<PrefetchResult> {
    const { source, stats, failed, logger } = this.#options;
    let s3_url = withoutQuery(image.s3_url);
    try {
      const ref = source.identify(image.s3_url);
      s3_url = ref.key;
      parseActorId(actorId);
      const named = image.filename === undefined ? ref : { ...ref, filename: image.filename };
      return await this.#describe(await this.#prefetch(named, actorId, options), image.meta);
    } catch (error) {
      const failure = ImageCacheError.from(error);
      stats.measures.errors.add({ code: failure.code });
      failed({ s3_url, actor_id: actorId }, failure);
      reportFailure(logger, image.s3_url, failure); // by the requested URL, like the failure of an image on a page
      return { s3_url, status: 'failed', error: failure.toItem() };
    }
  }

  /** Stores the app's own fields with the image, however it came into the cache. */
  async #describe(result: CachedResult, meta: ImageMeta | undefined): Promise<PrefetchResult> {
    if (meta === undefined || isSameMeta(result.entry.meta, meta)) return result;
    const { store } = this.#options.manifest;
    const { s3_url: key } = result;
    await store.append({ op: 'meta', key, meta });
    return { ...result, entry: store.index.get(key) ?? result.entry };
  }

  async #prefetch(ref: Ref, actorId: string, options: PrefetchOptions): Promise<CachedResult> {
    const { manifest, adoption, freshness, refused, scheduleBackgroundWork, stats } = this.#options;
    const { priority: urgency = 'normal', signal, revalidate = false } = options;
    if (revalidate) refused.forget(ref.key);
    await manifest.open(); // an image can only be claimed in an open manifest
    const known = await manifest.get({ key: ref.key });
    const cached = (await this.#ifThere(known)) ?? (await adoption.adoptOrCopy(ref, actorId));
    if (cached !== undefined && urgency === 'visible' && !revalidate) {
      freshness.revalidateLater(ref, cached);
      return { s3_url: ref.key, status: 'cached', entry: cached };
    }
    const synced = cached === undefined ? undefined : await this.#sync(ref, cached, actorId, options);
    if (synced !== undefined) return synced;
    if (urgency === 'visible') stats.misses += 1; // a page shows its empty place already
    const entry = await this.#download(ref, { actorId, urgency, signal });
    scheduleBackgroundWork(entry);
    return { s3_url: ref.key, status: 'downloaded', entry };
  }

  /** Fetches an image again that was invalidated during its download: `downloaded` means that it is in the cache (R2). */
  async #download(ref: Ref, request: FetchRequest): Promise<ManifestEntry> {
    const timeline = new Timeline();
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const { entry, isStored } = await this.#options.fetcher.fetch(ref, { ...request, timeline });
      if (!isStored) continue;
      const { actorId, urgency } = request;
      this.#options.downloaded({ entry, actorId, urgency, timeline });
      return entry;
    }
    throw new ImageCacheError('ABORTED', 'The image was invalidated during each attempt to download it.', {
      hint: 'Prefetch it again when it is no longer being invalidated or cleared.',
    });
  }

  /**
   * Costs no request while the image counts as current, and a conditional one otherwise. Returns `undefined` if it turns out
   * that the image was removed meanwhile.
   */
  async #sync(
    ref: Ref,
    cached: ManifestEntry,
    actorId: string,
    { priority: urgency = 'normal', signal, revalidate = false }: PrefetchOptions,
  ): Promise<CachedResult | undefined> {
    const { manifest, freshness, fetcher, scheduleBackgroundWork } = this.#options;
    const isDue = revalidate || freshness.isDue(cached);
    const { changed, failure } = isDue ? await freshness.revalidate(ref, cached, { urgency, signal }) : NOT_ASKED;
    const entry = await fetcher.claim(changed?.entry ?? cached, actorId);
    if (failure === undefined && manifest.store.index.get(ref.key) === undefined) return undefined;
    scheduleBackgroundWork(entry);
    return {
      s3_url: ref.key,
      status: changed === undefined ? 'cached' : 'downloaded',
      entry,
      ...(failure !== undefined && { stale: failure.toItem() }),
    };
  }

  /** Drops an entry whose file is gone, so that another file can be adopted instead. */
  async #ifThere(entry: ManifestEntry | undefined): Promise<ManifestEntry | undefined> {
    const { blobs, imageStore } = this.#options;
    if (entry === undefined) return undefined;
    return (await blobs.has(entry)) || (await imageStore.read(entry)) !== undefined ? entry : undefined;
  }
}
