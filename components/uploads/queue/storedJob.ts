import type { Entity } from '../entity.ts';
import type { UploadFault } from '../imageUploads.ts';
import type { Tombstone } from '../outbox/tombstone.ts';

/**
 * `staged`: the raw bytes are saved; `prepared`: those that are to be sent are; `accepted`: a server has them durably; `stored`: the bucket has
 * them. That a picture is being sent is not kept: after a crash it is simply `prepared`.
 */
export type JobState =
  | 'staged'
  | 'prepared'
  | 'accepted'
  | 'stored'
  | 'failed'
  | 'blocked'
  | 'paused'
  | 'canceled'
  | 'missing';

/** What names the bytes that are sent. */
export interface JobBody {
  readonly sha256: string;
  readonly imageId: string;
  readonly ext: string;
}

/** What an app was told of a picture of its entity. */
interface JobLink {
  /** Calls of `onStored` that have failed. */
  readonly attempts: number;
  readonly nextAttemptAt?: number | undefined;
  readonly error?: UploadFault | undefined;
  /** When the app has taken it, in milliseconds since the epoch. */
  readonly at?: number | undefined;
}

/** A row of the browser's database. It never changes; a change brings another one. */
export interface StoredJob {
  readonly jobId: string;
  readonly owner: string;
  readonly state: JobState;
  /** Counts the changes, so that of two versions the newer is known. */
  readonly revision: number;
  readonly entity?: Entity | undefined;
  readonly filename: string;
  readonly type: string;
  readonly size: number;
  readonly createdAt: number;
  /** Bytes that are kept for it; absent once they are dropped. */
  readonly heldBytes?: number | undefined;
  readonly body?: JobBody | undefined;
  /** How often preparing has begun without an end: a picture may crash the tab. */
  readonly prepareStarts: number;
  readonly attempts: number;
  readonly nextAttemptAt?: number | undefined;
  readonly error?: UploadFault | undefined;
  readonly warning?: string | undefined;
  /** A server has had the bytes. */
  readonly isOnServer?: boolean | undefined;
  /** The user has said that it may be sent with what could not be taken out. */
  readonly isSentAsItIs?: boolean | undefined;
  /** Pictures that its entity is to have no more: it is canceled if it turns out to be one of them. */
  readonly unwanted?: readonly string[] | undefined;
  /** The bucket has the picture already, and has to know that this entity uses it, too: there are no bytes to be sent. */
  readonly isCopy?: boolean | undefined;
  /** The wish that its entity has the picture no more, which it has taken back: it holds again if this upload is canceled. */
  readonly tookBack?: Tombstone | undefined;
  /** Canceled, and the server does not know yet. */
  readonly isCancelUntold?: boolean | undefined;
  readonly s3Url?: string | undefined;
  readonly uploadedAt?: number | undefined;
  readonly link?: JobLink | undefined;
}
