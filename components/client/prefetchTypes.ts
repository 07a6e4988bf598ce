import type { ItemError, PrefetchImage, Priority } from '../../plugin/protocol.ts';
import type { RequestErrorCode } from './api.ts';

/** A URL, or a URL with a name for people and the app's own fields, which are kept in the image's entry. */
export type ImageInput = string | PrefetchImage;

export interface PrefetchOptions {
  /**
   * Asks S3 whether the cached images have changed, and fetches those that have; mounted images follow. If S3 cannot say (expired
   * signature, offline), an image stays as it is, with the reason in its result as `stale`.
   * @default false: a cached image is taken to be current
   */
  revalidate?: boolean;
}

/** How a prefetch of one actor ended. */
export interface ActorResult extends ActorProgress {
  /** Of each image, in the order in which they were settled; all but those of a cancelled prefetch. */
  results: readonly PrefetchItemResult[];
}

export interface ActorInput {
  id: string;
  images: readonly ImageInput[];
}

/**
 * Fetches actors' images ahead. Normal actors go one at a time with a pause between them; a high one goes at once,
 * and no normal one starts before it is through. Without a server nothing is sent.
 *
 * While S3 or the server is away it waits (state `waiting`), and goes on by itself when an image comes; as long as the page
 * lives, it does not give up. An image that can't be had for another reason (S3 does not have it or refuses it, it is no image)
 * fails at once, and one of which S3 says ten times that it has an error of its own (5xx), or which does not come in time ten
 * times, fails, too.
 */
export interface PrefetchManager {
  /** Queues actors. One that is queued gets the new images, one that runs is left alone, a settled one runs again. */
  startPrefetch(actors: readonly ActorInput[], options?: PrefetchOptions): void;
  /**
   * Fetches one actor ahead of all others, in place of any earlier job of the same actor. While paused, offline, or while S3 is
   * away it waits: `cancel(id)` after a time of your own ends that. Resolves with a result for every image when all are settled (or the
   * job is cancelled); never rejects.
   * @example
   * const { results } = await prefetchManager.prefetchActor(actorId, images);
   * const missing = results.filter(({ status }) => status === 'failed');
   * @example
   * await prefetchManager.prefetchActor(actorId, images, { revalidate: true }); // fetches again the images that have changed in S3
   */
  prefetchActor(id: string, images: readonly ImageInput[], options?: PrefetchOptions): Promise<ActorResult>;
  /** Sends nothing more. The request in flight (at most 250 images) goes on: to abort it would waste it. */
  pause(): void;
  /** Goes on, and tries at once, without waiting any longer. */
  resume(): void;
  /** Aborts one actor, or all that are not settled. */
  cancel(id?: string): void;
  getProgress(): PrefetchProgress;
  /** How each image of an actor ended, as far as they have; of the last 10,000 images of settled actors. */
  getResults(id: string): readonly PrefetchItemResult[];
  subscribe(listener: (progress: PrefetchProgress) => void): () => void;
}

/** How far prefetching is. The same object until something changes. */
export interface PrefetchProgress {
  /**
   * `offline` also stands for a hidden tab on Save-Data: there is work, and it waits for the network. `waiting`: S3 or the server
   * is away; one image is tried after 1 s, 2 s, 4 s … every 30 s, and all goes on by itself when that has come.
   */
  state: 'idle' | 'running' | 'paused' | 'offline' | 'waiting';
  /** Why nothing comes; there while `state` is `waiting`. */
  reason?: FailureReason | undefined;
  /** Actors that are settled, whether all of their images could be had or not. */
  completed: number;
  /** All actors but the cancelled ones. */
  total: number;
  images: { total: number; completed: number; cached: number; downloaded: number; failed: number };
  bytes: { downloaded: number; cached: number };
  /** Ids of the actors in flight. */
  current: readonly string[];
  actors: readonly ActorProgress[];
  /** The last 100, newest last. */
  failures: readonly PrefetchFailure[];
}

export interface ActorProgress {
  id: string;
  /** `failed`: at least one image failed. */
  state: 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
  priority: Priority;
  /** Images, and how many of them are settled: `completed = cached + downloaded + failed`. */
  total: number;
  completed: number;
  /** Were in the cache already. */
  cached: number;
  downloaded: number;
  failed: number;
  /** Of the images that are in the cache now. */
  bytes: number;
}

/** What is wrong, in words, and what to do about it. */
export interface FailureReason {
  code: RequestErrorCode;
  detail: string;
  hint?: string;
  /** It may well be gone later: a 5xx of S3, a connection that was lost. */
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
      /** Why S3 could not say whether the image has changed; the cached one stays. */
      stale?: ItemError;
    }
  | ({ s3_url: string; status: 'failed' } & FailureReason);
