import type { Entity } from './entity.ts';
import type { UploadFault } from './imageUploads.ts';

/** A picture of an entity that the bucket has, as an app is told of it. None of its fields is ever empty. */
export interface StoredImage {
  /** With the id that its server has given it, if that is known. */
  readonly entity: Entity;
  /** `/api/cache/i/<imageId>.<ext>`: what an app keeps in its own data. */
  readonly ref: string;
  /** The object's URL in the bucket if the transport has told it, else the picture's URL on our server, else `ref`. */
  readonly url: string;
  readonly imageId: string;
  readonly jobId: string;
}

/** Whether the app has been told that the bucket has a picture of its entity. */
export interface UploadLink {
  /**
   * `waiting`: not in the bucket yet, or its entity has no server id yet (`gate: 'after-entity'`); `due`: the app is being told, or will be
   * again; `linked`: it has taken it.
   */
  readonly status: 'waiting' | 'due' | 'linked';
  /** Calls of `onStored` that have failed. */
  readonly attempts: number;
  /** In milliseconds since the epoch; `null`: as soon as that is possible, or never again. */
  readonly nextAttemptAt: number | null;
  /** What `onStored` has thrown last. */
  readonly error: UploadFault | null;
}

/**
 * Tells the app that the bucket has a picture of its entity. It is called by the tab that sends, at least once for each upload, also after
 * a crash, and again with growing pauses until it has not thrown: calling it twice must end as calling it once does.
 * @param context `signal` is aborted when the picture was removed, the tab's turn has ended, or two minutes are over
 */
export type OnStored = (stored: StoredImage, context: { readonly signal: AbortSignal }) => void | Promise<void>;
