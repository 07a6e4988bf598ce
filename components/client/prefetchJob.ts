import type { ItemError, PrefetchImage, PrefetchRequest, PrefetchResult, Priority } from '../../plugin/protocol.ts';
import { ImageCacheRequestError } from './api.ts';
import { imageKey } from './imageKey.ts';
import { isAway, isNotNow } from './notNow.ts';
import type { Outage } from './outage.ts';
import { type ActorProgress, type FailureReason, newActorProgress, type PrefetchFailure } from './prefetchProgress.ts';
import type { PrefetchItemResult } from './prefetchResults.ts';
import { fingerprintOf } from './fingerprint.ts';
import type { PrefetchCall } from './sendPrefetch.ts';

/** A URL, or a URL with a name for people and the app's own fields, which are kept in the image's entry. */
export type ImageInput = string | PrefetchImage;

export interface PrefetchOptions {
  /**
   * Asks S3 whether the images that are cached have changed, and fetches those that have; mounted images follow. What S3 cannot
   * say (expired signature, offline) leaves an image as it is, with the reason in its result, as `stale`.
   * @default false: a cached image is taken to be current
   */
  revalidate?: boolean;
}

/** An image that is in the cache now. */
type CachedResult = Exclude<PrefetchResult, { status: 'failed' }>;

/** The images of one actor, on their way into the cache. */
export interface PrefetchJob {
  progress: ActorProgress;
  /** Images without a result yet. */
  left: readonly PrefetchImage[];
  /** How often images were asked for in vain. */
  readonly tries: Map<PrefetchImage, number>;
  /** Of the images that are settled, as they were settled. */
  readonly results: PrefetchItemResult[];
  readonly revalidate: boolean;
  /** Names what is asked of which objects, so that tabs know when they mean the same. */
  readonly fingerprint: string;
  readonly abort: AbortController;
  /** Whoever wants to know how it ends. */
  readonly waiting: ((result: ActorResult) => void)[];
}

/** What a prefetch of one actor came to. */
export interface ActorResult extends ActorProgress {
  /** Of each image, in the order in which they were settled; all but those of a cancelled prefetch. */
  results: readonly PrefetchItemResult[];
}

export interface PrefetchJobContext {
  send(request: PrefetchRequest, call: PrefetchCall): Promise<void>;
  /** Asked before each request. */
  mayRun(): boolean;
  isOnline(): boolean;
  readonly outage: Outage;
  onChange(job: PrefetchJob): void;
  /** @param url as it was asked for */
  onCached(url: string, result: CachedResult): void;
  onFailure(failure: PrefetchFailure): void;
}

/** Images in one request: about 350 kB of presigned URLs, well below the server's `bodyLimit`. */
const MAX_IMAGES = 250;

export function createPrefetchJob(
  id: string,
  images: readonly ImageInput[],
  { priority, revalidate }: Required<PrefetchOptions> & { priority: Priority },
  waiting: PrefetchJob['waiting'],
): PrefetchJob {
  const progress = newActorProgress(id, priority, images.length);
  const left = images.map(toPrefetchImage);
  const keys = left.map(({ s3_url }) => imageKey(s3_url));
  const fingerprint = fingerprintOf(revalidate ? [...keys, 'revalidate'] : keys);
  const tries = new Map<PrefetchImage, number>();
  return { progress, left, tries, results: [], revalidate, fingerprint, abort: new AbortController(), waiting };
}

/** Sends what is left of a job, one request after the other, until it is through, held up or aborted; while S3 is away, one image. */
export async function runPrefetchJob(job: PrefetchJob, context: PrefetchJobContext): Promise<void> {
  while (job.left.length > 0 && context.mayRun() && !job.abort.signal.aborted) await sendSome(job, context);
}

async function sendSome(job: PrefetchJob, context: PrefetchJobContext): Promise<void> {
  const { id: actor_id, priority } = job.progress;
  const { signal } = job.abort;
  const { outage } = context;
  const images = job.left.slice(0, outage.reason === undefined ? MAX_IMAGES : 1);
  const unanswered = new Set(images);
  const notNow: PrefetchImage[] = [];
  let reason: FailureReason | undefined;
  const onFailed = (image: PrefetchImage, s3_url: string, error: ItemError): void => {
    const tries = (job.tries.get(image) ?? 0) + 1;
    job.tries.set(image, tries);
    if (!isNotNow(error, tries)) {
      // S3 has answered.
      if (error.code.startsWith('UPSTREAM_') && !error.transient) outage.end();
      return recordFailure(job, context, s3_url, error);
    }
    notNow.push(image);
    reason = error;
  };
  const onResult = (index: number, result: PrefetchResult): void => {
    const image = images[index];
    if (signal.aborted || !image || !unanswered.delete(image)) return;
    if (result.status === 'failed') return onFailed(image, result.s3_url, result.error);
    // What is cached says nothing about S3.
    if (result.status === 'downloaded' || outage.reason?.code === 'UNREACHABLE') outage.end();
    recordCached(job, context, image.s3_url, result);
  };
  let fault: unknown;
  try {
    const request = { actor_id, images, priority, ...(job.revalidate && { revalidate: true }) };
    await context.send(request, { signal, onResult });
  } catch (error) {
    fault = error;
  }
  if (signal.aborted) return;

  const later = job.left.slice(images.length);
  // Cut off by the network: what has no result is asked for again when it is back.
  if (fault !== undefined && !context.isOnline()) {
    job.left = [...unanswered, ...notNow, ...later];
    return;
  }
  if (isAway(fault)) {
    notNow.unshift(...unanswered);
    reason = toError(fault);
  } else {
    for (const image of unanswered) recordFailure(job, context, imageKey(image.s3_url), toError(fault));
  }
  // Behind the others: it may be that one image alone which does not come.
  job.left = [...later, ...notNow];
  if (reason) outage.begin(reason);
}

function recordCached(job: PrefetchJob, context: PrefetchJobContext, url: string, result: CachedResult): void {
  const { progress } = job;
  job.progress = {
    ...progress,
    completed: progress.completed + 1,
    [result.status]: progress[result.status] + 1,
    bytes: progress.bytes + result.entry.size_bytes,
  };
  const { s3_url, status, stale } = result;
  job.results.push({ s3_url, status, bytes: result.entry.size_bytes, ...(stale && { stale }) });
  context.onCached(url, result);
  context.onChange(job);
}

function recordFailure(job: PrefetchJob, context: PrefetchJobContext, s3_url: string, error: FailureReason): void {
  const { id: actor_id, completed, failed } = job.progress;
  job.progress = { ...job.progress, completed: completed + 1, failed: failed + 1 };
  const failure = { s3_url, ...error };
  job.results.push({ ...failure, status: 'failed' });
  context.onFailure({ actor_id, ...failure });
  context.onChange(job);
}

function toError(fault: unknown): FailureReason {
  if (!(fault instanceof ImageCacheRequestError)) {
    return { code: 'UNREACHABLE', detail: 'The answer ended early.' };
  }
  const { code, detail, hint } = fault;
  return { code, detail, ...(hint !== undefined && { hint }) };
}

function toPrefetchImage(image: ImageInput): PrefetchImage {
  return typeof image === 'string' ? { s3_url: image } : image;
}
