import { LRUCache } from 'lru-cache';
import { ImageCacheError } from '../../errors.ts';
import type { ErrorCode, ManifestEntry, Urgency } from '../../protocol.ts';
import type { Downloaded } from './downloader.ts';
import type { CacheLogger } from '../injected/cacheLogger.ts';
import type { CachedImage } from '../store/imageStore.ts';
import type { ImageRef } from '../injected/source.ts';
import type { Timeline } from '../../timeline.ts';

/** Who wants to know, and how much. */
export interface RevalidationRequest {
  urgency: Urgency;
  /** Aborted when whoever asked has left. */
  signal: AbortSignal | undefined;
  timeline?: Timeline | undefined;
}

/** What became of a question. */
export interface Revalidation {
  /** What took the place of the cached image. */
  changed?: Downloaded | undefined;
  /** Why the origin could not say. */
  failure?: ImageCacheError;
}

export interface FreshnessOptions<Ref extends ImageRef> {
  /** How long an image is believed to be current. `undefined`: for ever. */
  revalidateMs: number | undefined;
  /** The image that took the place of the entry; `undefined` when nothing changed. */
  ask(object: Ref, entry: ManifestEntry, request: RevalidationRequest): Promise<Downloaded | undefined>;
  now: () => number;
  logger: CacheLogger;
}

interface Failure {
  at: number;
  waitMs: number;
}

/** After a failure the origin is not asked again for this long, and after each more for twice as long, up to an hour. */
const FIRST_WAIT_MS = 30_000;
const LONGEST_WAIT_MS = 60 * 60_000;
const MAX_FAILURES = 10_000;

/**
 * Whether a cached image is still believed to be the current one, and when the origin is asked. A stale image is served all
 * the same; a failure to ask changes nothing about it (T39, T45).
 */
export class Freshness<Ref extends ImageRef> {
  readonly #options: FreshnessOptions<Ref>;
  /** What is asked in the background. */
  readonly #asking = new Set<string>();
  readonly #failures = new LRUCache<string, Failure>({ max: MAX_FAILURES });
  readonly #warned = new Set<ErrorCode>();

  constructor(options: FreshnessOptions<Ref>) {
    this.#options = options;
  }

  isStale(entry: ManifestEntry): boolean {
    const { revalidateMs, now } = this.#options;
    if (revalidateMs === undefined) return false;
    // Nor is one to be believed that was found current in the future: the clock was put back (T63).
    return Math.abs(now() - validatedAt(entry)) >= revalidateMs;
  }

  /** Whether the origin is to be asked: the entry is stale, and it did not fail to answer a moment ago. */
  isDue(entry: ManifestEntry): boolean {
    return this.isStale(entry) && !this.#isBackingOff(entry.s3_url);
  }

  /** An image as it is; if it is stale it says so, and the origin is asked in the background. */
  whileRevalidating(object: Ref, image: CachedImage): CachedImage {
    if (!this.isStale(image.entry)) return image;
    this.revalidateLater(object, image.entry);
    return { ...image, outcome: 'STALE' };
  }

  /** An image as the origin has it now; the cached one where the origin does not say. @throws ImageCacheError ABORTED */
  async revalidated(
    object: Ref,
    image: CachedImage,
    { signal, timeline }: Omit<RevalidationRequest, 'urgency'>,
  ): Promise<CachedImage> {
    const { changed, failure } = await this.revalidate(object, image.entry, { urgency: 'visible', signal, timeline });
    if (failure !== undefined) return { ...image, outcome: 'STALE' };
    return changed === undefined
      ? { ...image, outcome: 'REVALIDATED' }
      : { entry: changed.entry, body: changed.body(), tier: 's3', outcome: 'REVALIDATED' };
  }

  /** Has the origin asked in the background, when that is due, once whoever reads it. */
  revalidateLater(object: Ref, entry: ManifestEntry): void {
    if (this.#asking.has(object.key) || !this.isDue(entry)) return;
    this.#asking.add(object.key);
    this.revalidate(object, entry, { urgency: 'normal', signal: undefined })
      .catch(() => undefined) // the cache was closed
      .finally(() => this.#asking.delete(object.key));
  }

  /** Has the origin asked now. @throws ImageCacheError ABORTED */
  async revalidate(object: Ref, entry: ManifestEntry, request: RevalidationRequest): Promise<Revalidation> {
    try {
      const changed = await this.#options.ask(object, entry, request);
      this.#failures.delete(object.key);
      return { changed };
    } catch (error) {
      const failure = ImageCacheError.from(error);
      if (failure.code === 'ABORTED') throw failure;
      this.#failed(object.key, failure);
      return { failure };
    }
  }

  #isBackingOff(key: string): boolean {
    const failure = this.#failures.get(key);
    return failure !== undefined && Math.abs(this.#options.now() - failure.at) < failure.waitMs;
  }

  /** One warning a reason: when an origin is down, it is down for all images. */
  #failed(key: string, { code, message, hint = '' }: ImageCacheError): void {
    const before = this.#failures.get(key);
    const waitMs = before === undefined ? FIRST_WAIT_MS : Math.min(2 * before.waitMs, LONGEST_WAIT_MS);
    this.#failures.set(key, { at: this.#options.now(), waitMs });
    if (this.#warned.has(code)) return;
    this.#warned.add(code);
    this.#options.logger.warn(`Cached images are served without knowing whether they have changed. ${message} ${hint}`);
  }
}

/** When the origin last said that the object is this one. */
export function validatedAt({ cached_at, validated_at = cached_at }: ManifestEntry): number {
  return validated_at;
}
