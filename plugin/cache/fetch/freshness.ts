import { ImageCacheError } from '../../errors.ts';
import { offlineRefusal } from '../../offline.ts';
import type { ErrorCode, ManifestEntry, Urgency } from '../../protocol.ts';
import type { Downloaded } from './downloader.ts';
import type { CacheLogger } from '../injected/cacheLogger.ts';
import type { CachedImage } from '../store/imageStore.ts';
import type { ImageRef } from '../injected/source.ts';
import type { Timeline } from '../../timeline.ts';
import { createRecentMap } from '../../recentMap.ts';

/** A request to revalidate an image, with its caller and its urgency. */
export interface RevalidationRequest {
  urgency: Urgency;
  /** Aborted when the requester has left. */
  signal: AbortSignal | undefined;
  timeline?: Timeline | undefined;
  /** True if the image is fetched whole, whatever its ETag says. @default false */
  isForced?: boolean;
}

/** The result of a revalidation. */
export interface Revalidation {
  /** The image that replaced the cached one. */
  changed?: Downloaded | undefined;
  /** Why the origin gave no answer. */
  failure?: ImageCacheError;
}

export interface FreshnessOptions<Ref extends ImageRef> {
  /** How long an image counts as current. `undefined`: for ever. */
  revalidateMs: number | undefined;
  /** True if the origin is never asked: then every image is served as it is. */
  isOffline: boolean;
  /** Asks the origin. Returns the image that replaced the entry; `undefined` when nothing changed. */
  ask(ref: Ref, entry: ManifestEntry, request: RevalidationRequest): Promise<Downloaded | undefined>;
  now: () => number;
  logger: CacheLogger;
}

interface Failure {
  at: number;
  waitMs: number;
}

/** After a failure, the origin is not asked again for this long. Each further failure doubles the time, up to an hour. */
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 60 * 60_000;
const MAX_FAILURES = 10_000;

/**
 * Decides whether a cached image still counts as current, and when the origin is asked. A stale image is served all the
 * same, and a failed revalidation does not change that (T39, T45).
 */
export class Freshness<Ref extends ImageRef> {
  readonly #options: FreshnessOptions<Ref>;
  /** Keys of the images that are being revalidated in the background. */
  readonly #asking = new Set<string>();
  readonly #failures = createRecentMap<Failure>(MAX_FAILURES);
  readonly #warned = new Set<ErrorCode>();

  constructor(options: FreshnessOptions<Ref>) {
    this.#options = options;
  }

  isStale(entry: ManifestEntry): boolean {
    const { revalidateMs, isOffline, now } = this.#options;
    if (revalidateMs === undefined || isOffline) return false;
    // A time of validation in the future does not count either: the clock was put back (T63).
    return Math.abs(now() - validatedAt(entry)) >= revalidateMs;
  }

  /** True if the origin is to be asked: the entry is stale, and the last revalidation did not fail a moment ago. */
  isDue(entry: ManifestEntry): boolean {
    return this.isStale(entry) && !this.#isBackingOff(entry.s3_url);
  }

  /** Returns the image at once. A stale one is marked as such, and the origin is asked in the background. */
  whileRevalidating(ref: Ref, image: CachedImage): CachedImage {
    if (!this.isStale(image.entry)) return image;
    this.revalidateLater(ref, image.entry);
    return { ...image, outcome: 'STALE' };
  }

  /** Returns the image as the origin has it now, or the cached one if the origin gives no answer. @throws ImageCacheError ABORTED */
  async revalidated(
    ref: Ref,
    image: CachedImage,
    { signal, timeline }: Omit<RevalidationRequest, 'urgency'>,
  ): Promise<CachedImage> {
    if (this.#options.isOffline) return image;
    const { changed, failure } = await this.revalidate(ref, image.entry, { urgency: 'visible', signal, timeline });
    if (failure !== undefined) return { ...image, outcome: 'STALE' };
    return changed === undefined
      ? { ...image, outcome: 'REVALIDATED' }
      : { entry: changed.entry, body: changed.body(), tier: 's3', outcome: 'REVALIDATED' };
  }

  /** Asks the origin in the background when that is due, once for all requests. */
  revalidateLater(ref: Ref, entry: ManifestEntry): void {
    if (this.#asking.has(ref.key) || !this.isDue(entry)) return;
    this.#asking.add(ref.key);
    this.revalidate(ref, entry, { urgency: 'normal', signal: undefined })
      .catch(() => undefined) // the cache was closed
      .finally(() => this.#asking.delete(ref.key));
  }

  /** Asks the origin now. @throws ImageCacheError ABORTED */
  async revalidate(ref: Ref, entry: ManifestEntry, request: RevalidationRequest): Promise<Revalidation> {
    if (this.#options.isOffline) return { failure: offlineRefusal('S3 is not asked whether the image has changed') };
    try {
      const changed = await this.#options.ask(ref, entry, request);
      this.#failures.delete(ref.key);
      return { changed };
    } catch (error) {
      const failure = ImageCacheError.from(error);
      if (failure.code === 'ABORTED') throw failure;
      this.#failed(ref.key, failure);
      return { failure };
    }
  }

  #isBackingOff(key: string): boolean {
    const failure = this.#failures.get(key);
    return failure !== undefined && Math.abs(this.#options.now() - failure.at) < failure.waitMs;
  }

  /** Warns once for each reason: when an origin is down, it is down for all images. */
  #failed(key: string, { code, message, hint = '' }: ImageCacheError): void {
    const before = this.#failures.get(key);
    const waitMs = before === undefined ? FIRST_WAIT_MS : Math.min(2 * before.waitMs, LONGEST_WAIT_MS);
    this.#failures.set(key, { at: this.#options.now(), waitMs });
    if (this.#warned.has(code)) return;
    this.#warned.add(code);
    this.#options.logger.warn(`Cached images are served without knowing whether they have changed. ${message} ${hint}`);
  }
}

/** Time at which the origin last confirmed this image. */
export function validatedAt({ cached_at, validated_at = cached_at }: ManifestEntry): number {
  return validated_at;
}
