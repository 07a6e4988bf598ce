import type { ItemError, PrefetchImage, Priority } from '../../plugin/protocol.ts';
import type { RequestErrorCode } from './api.ts';

/** A URL, or a URL with a name for people and the app's own fields, which are kept in the image's entry. */
export type ImageInput = string | PrefetchImage;

export interface PrefetchOptions {
  /**
   * Asks S3 whether the cached images have changed, and fetches those that have; mounted images then show the new version. If S3
   * cannot say (expired signature, offline), an image stays as it is, and its result has the reason as `stale`.
   * @default false: a cached image counts as current
   */
  revalidate?: boolean;
}

/** How a prefetch of one actor ended. */
export interface ActorResult extends ActorProgress {
  /** One result for each image, in the order in which they were done. Images of a cancelled prefetch that were not done have none. */
  results: readonly PrefetchItemResult[];
}

export interface ActorInput {
  id: string;
  images: readonly ImageInput[];
}

/**
 * Fetches the images of actors before they are needed. Actors of normal priority are fetched one at a time, with a pause between
 * them. An actor of high priority is fetched at once, and no normal one starts before it is done. Without a server nothing is sent.
 *
 * While S3 or the server cannot be reached, it waits (state `waiting`), and continues by itself when an image arrives; it does not
 * give up as long as the page is open. An image that is not available for another reason (S3 does not have it or refuses it, or it is
 * not an image) fails at once. So does an image for which S3 has reported an error of its own (5xx), or has not answered in time, ten
 * times.
 */
export interface PrefetchManager {
  /** Queues actors. An actor that is queued already gets the new images, one that is running is left alone, and a settled one runs again. */
  startPrefetch(actors: readonly ActorInput[], options?: PrefetchOptions): void;
  /**
   * Fetches one actor ahead of all others, and replaces an earlier job of the same actor. It waits while the manager is paused, the
   * page is offline, or S3 cannot be reached; call `cancel(id)` to end that. Resolves when all images are done or the job is cancelled,
   * with a result for every image that is done. Never rejects.
   * @example
   * const { results } = await prefetchManager.prefetchActor(actorId, images);
   * const missing = results.filter(({ status }) => status === 'failed');
   * @example
   * await prefetchManager.prefetchActor(actorId, images, { revalidate: true }); // fetches again the images that have changed in S3
   */
  prefetchActor(id: string, images: readonly ImageInput[], options?: PrefetchOptions): Promise<ActorResult>;
  /** Sends no further requests. The running request (at most 250 images) continues, because aborting it would waste its downloads. */
  pause(): void;
  /** Continues, and tries at once, even if it was waiting. */
  resume(): void;
  /** Aborts one actor, or all that are not settled. */
  cancel(id?: string): void;
  getProgress(): PrefetchProgress;
  /** The results of an actor's images that are done. Of settled actors, only the last 10,000 images are remembered. */
  getResults(id: string): readonly PrefetchItemResult[];
  subscribe(listener: (progress: PrefetchProgress) => void): () => void;
}

/** The progress of prefetching. It stays the same object until something changes. */
export interface PrefetchProgress {
  /**
   * `offline`: there is work, but no network, or the tab is hidden and the user saves data (Save-Data). `waiting`: S3 or the server
   * cannot be reached. One image is tried after 1 s, 2 s, 4 s … every 30 s, and the rest continues when it has arrived.
   */
  state: 'idle' | 'running' | 'paused' | 'offline' | 'waiting';
  /** Why no images arrive. Set while `state` is `waiting`. */
  reason?: FailureReason | undefined;
  /** Number of settled actors, including those with failed images. */
  completed: number;
  /** Number of actors, without the cancelled ones. */
  total: number;
  images: { total: number; completed: number; cached: number; downloaded: number; failed: number };
  bytes: { downloaded: number; cached: number };
  /** Ids of the actors whose images are being fetched. */
  current: readonly string[];
  actors: readonly ActorProgress[];
  /** The last 100 failures, the newest last. */
  failures: readonly PrefetchFailure[];
}

export interface ActorProgress {
  id: string;
  /** `failed`: at least one image failed. */
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  priority: Priority;
  /** Number of images, and how many of them are done: `completed = cached + downloaded + failed`. */
  total: number;
  completed: number;
  /** Images that were in the cache already. */
  cached: number;
  downloaded: number;
  failed: number;
  /** Bytes of the images that are in the cache now. */
  bytes: number;
}

/** What is wrong, and what to do about it. */
export interface FailureReason {
  code: RequestErrorCode;
  detail: string;
  hint?: string;
  /** True if another attempt may succeed: after a 5xx answer of S3, or a lost connection. */
  transient?: true;
}

export interface PrefetchFailure extends FailureReason {
  actor_id: string;
  /** Without its signature. */
  s3_url: string;
}

/** How one image of a prefetch ended. `s3_url` is without its signature. */
export type PrefetchItemResult =
  | {
      s3_url: string;
      status: 'cached' | 'downloaded';
      bytes: number;
      /** Why S3 could not say whether the image has changed. The cached image is kept. */
      stale?: ItemError;
    }
  | ({ s3_url: string; status: 'failed' } & FailureReason);
