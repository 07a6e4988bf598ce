import type { Priority } from '../../plugin/protocol.ts';
import type { RequestErrorCode } from './api.ts';

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

export function newActorProgress(id: string, priority: Priority, total: number): ActorProgress {
  return {
    id,
    state: 'queued',
    priority,
    total,
    completed: 0,
    cached: 0,
    downloaded: 0,
    failed: 0,
    bytes: 0,
  };
}

export function isSettled({ state }: ActorProgress): boolean {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

/** The part of the progress that is counted from the actors. */
export function countActors(
  actors: readonly ActorProgress[],
): Pick<PrefetchProgress, 'completed' | 'total' | 'images' | 'current' | 'actors'> {
  const counted = actors.filter(({ state }) => state !== 'cancelled');
  const sum = (count: (actor: ActorProgress) => number): number =>
    counted.reduce((total, actor) => total + count(actor), 0);
  return {
    completed: counted.filter(isSettled).length,
    total: counted.length,
    images: {
      total: sum(({ total }) => total),
      completed: sum(({ completed }) => completed),
      cached: sum(({ cached }) => cached),
      downloaded: sum(({ downloaded }) => downloaded),
      failed: sum(({ failed }) => failed),
    },
    current: counted.filter(({ state }) => state === 'running').map(({ id }) => id),
    actors,
  };
}
