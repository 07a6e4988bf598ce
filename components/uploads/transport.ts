import type { Entity } from './entity.ts';

/** A picture as a transport sees it. */
export interface TransportJob {
  /** 32 hexadecimal digits; the same in every try, so that a server knows a repeated one. */
  readonly jobId: string;
  readonly project: string;
  readonly owner: string;
  /** What the picture belongs to, if the app has said so. */
  readonly entity?: Entity | undefined;
  /** The first 32 hexadecimal digits of `sha256`. */
  readonly imageId: string;
  /** Of the bytes that are sent, hexadecimal. */
  readonly sha256: string;
  /** The object's key in the bucket: `<prefix>/<imageId[0:2]>/<imageId>.<ext>`. */
  readonly key: string;
  /** `/api/cache/i/<imageId>.<ext>` */
  readonly ref: string;
  /** In bytes. */
  readonly size: number;
  /** Content type, found by looking at the bytes. */
  readonly type: string;
  readonly filename: string;
}

/** What a transport says of a fault that it does not throw. */
export interface TransportFault {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** It is proved that the bucket has these bytes. Only now the browser drops its own copy. */
export interface Stored {
  readonly state: 'stored';
  /** The object's URL, without a signature. */
  readonly s3_url?: string | undefined;
}

/** A server has the bytes durably, and sends them to the bucket by itself. The browser keeps its copy and asks by `check`. */
export interface Accepted {
  readonly state: 'accepted';
  /** When the server tries again, in milliseconds since the epoch. */
  readonly nextAttemptAt?: number | undefined;
  /** Why it has not come through yet. */
  readonly error?: TransportFault | undefined;
}

/** The other side does not have the bytes (any more): they are sent. */
export interface Needed {
  readonly state: 'needed';
}

/** The server has given this picture up (`failed`), or waits until somebody acts (`blocked`). */
export interface Refused {
  readonly state: 'failed' | 'blocked';
  readonly error: TransportFault;
}

/** An upload that a server has, and the bucket has not yet. */
export interface ListedUpload {
  readonly jobId: string;
  /** Of the bytes that were sent, hexadecimal. */
  readonly sha256: string;
  /** Without the dot. */
  readonly ext: string;
  readonly filename: string;
  /** Content type. */
  readonly type: string;
  /** In bytes. */
  readonly size: number;
  /** In milliseconds since the epoch. */
  readonly createdAt: number;
  readonly entity?: Entity | undefined;
  /** What has become of it. */
  readonly answer: Accepted | Refused;
}

/** Pictures that an entity has no more. */
export interface TransportRemoval {
  readonly project: string;
  readonly owner: string;
  readonly entity: Entity;
  /** At most 100. What uses the same bytes elsewhere is not known to the browser. */
  readonly images: readonly RemovedImage[];
  /** Uploads of them, so that none of these is taken any more, however late it arrives. */
  readonly jobIds: readonly string[];
}

export interface RemovedImage {
  readonly imageId: string;
  readonly ext: string;
  /** As in `TransportJob`. */
  readonly key: string;
}

export interface TransportContext {
  /** Aborted when the upload was canceled or paused, or the page goes away. */
  readonly signal: AbortSignal;
}

export interface RemovalContext extends TransportContext {
  /**
   * Whether all of it is still to be removed: a picture may have been added again meanwhile, in whatever tab. Who first asks what there is, then
   * asks this, and then removes what there was, and nothing else, never removes what was added again, however late the last request arrives.
   */
  isWished(): Promise<boolean>;
}

export interface SendContext extends TransportContext {
  /** @param loaded how many bytes have been sent so far */
  onProgress(loaded: number): void;
}

/**
 * Brings pictures to a bucket. Each call may be repeated, also at the same time from two tabs: the end must be the same. What it
 * throws should be an `UploadError`; a `TypeError` counts as unreachable, anything else as transient.
 * @example
 * const transport: UploadTransport = {
 *   async send(job, body, { signal }) {
 *     const response = await fetch(`/api/pictures/${job.key}`, { method: 'PUT', body, signal });
 *     if (!response.ok) throw new UploadError({ code: 'REFUSED', message: `The server answered ${response.status}.`, kind: 'transient' });
 *     return { state: 'stored' };
 *   },
 * };
 */
export interface UploadTransport {
  send(job: TransportJob, body: Blob, context: SendContext): Promise<Stored | Accepted>;
  /**
   * What has become of jobs that may have been sent already: after a reload, after a lost answer, and while a server has accepted
   * them. At most 100 at a time; the answers are in the same order. Needed if `send` may answer `accepted`.
   */
  check?(
    jobs: readonly TransportJob[],
    context: TransportContext,
  ): Promise<readonly (Stored | Accepted | Needed | Refused)[]>;
  /** Has a server try again what it had given up. Without it, the bytes are sent again. */
  retry?(job: TransportJob, context: TransportContext): Promise<Stored | Accepted | Needed>;
  /**
   * Tells the other side that an entity has a picture that is in the bucket already: after `addImage()`. Repeated until it succeeds. Without it,
   * `onStored` is called at once. Of such a job, `sha256` may be the id only.
   * @throws UploadError `BYTES_GONE` when the bucket does not have it
   */
  add?(job: TransportJob, context: TransportContext): Promise<Stored>;
  /** Tells a server that a picture is not wanted any more. Repeated until it succeeds. */
  cancel?(job: TransportJob, context: TransportContext): Promise<void>;
  /**
   * The uploads of an owner that a server has, and the bucket has not yet. Asked when the browser knows of none, which may have evicted them:
   * they are shown again.
   */
  list?(whose: Pick<TransportJob, 'project' | 'owner'>, context: TransportContext): Promise<readonly ListedUpload[]>;
  /**
   * Tells the other side that an entity has pictures no more: what to delete, and when, is for it to decide. Called after `removeImage()`
   * and `removeEntity()`, and repeated until it succeeds; uploads of the same pictures for the same entity wait meanwhile. Without it, the
   * pictures stay in the bucket.
   */
  remove?(removal: TransportRemoval, context: RemovalContext): Promise<void>;
  /** Rejects while the other side cannot be reached. Without it, one picture is tried. */
  probe?(context: TransportContext): Promise<void>;
  /** Calls the listener when something may have changed on the server, so that the browser need not wait for its next `check`. */
  subscribe?(listener: () => void): () => void;
  /** Whether our server does the storing, so that its cache has the picture already. @default false */
  readonly fillsCache?: boolean;
}
