import type { ItemError } from './protocol.ts';

/**
 * The wire contract of uploads; the rest is in `protocol.ts`. Every call has the header `Image-Cache-Project`, which a page of
 * another site cannot send without a preflight.
 */

/**
 * The state of an upload:
 * - `accepted`: the server has the bytes on its disk, where they survive the end of the process.
 * - `storing`: the bytes are being sent to the bucket.
 * - `stored`: the bucket has proved that it has the bytes.
 * - `failed`: the bucket has finally refused the bytes, or refused them in every attempt. The server keeps them.
 * - `blocked`: a problem must be solved first (credentials, a bucket that does not exist, a full disk). The server keeps the
 *   bytes, and tries again every minute.
 * - `canceled`: it was canceled on request.
 * - `needed`: the server does not have the bytes.
 */
export type UploadState = 'accepted' | 'storing' | 'stored' | 'failed' | 'blocked' | 'canceled' | 'needed';

/** What a picture belongs to in the app: a note, a journal entry. Both have 1 to 200 characters. */
export interface UploadEntity {
  /** A kind, e.g. `note`. */
  type: string;
  /** Which one of that kind. It stays the same while the app has that entity. */
  id: string;
}

/**
 * What the server knows about an upload. Times are milliseconds since the epoch. Without bytes, only `job_id` and `state` are set.
 */
export interface UploadStatus {
  /** 32 lower-case hex digits, made by the client: 48 bits of the time in milliseconds, and 80 random ones. */
  job_id: string;
  state: UploadState;
  /** The first half of the SHA-256 of the bytes: 32 hex digits. */
  image_id?: string;
  /** A permanent name, `/api/cache/i/<image_id>.<ext>`, whatever the option `base` is. Code that reads it uses its last part. */
  ref?: string;
  /** SHA-256 of the bytes, hex. */
  sha256?: string;
  size_bytes?: number;
  /** The type that the bytes have. */
  content_type?: string;
  filename?: string;
  /** What the picture belongs to, if the upload named it (`Image-Cache-Entity`). */
  entity?: UploadEntity;
  /** The canonical URL that the object has, or will have, in the bucket. */
  s3_url?: string;
  /** How often the bucket has refused the bytes while it accepted others. */
  attempts?: number;
  next_attempt_at?: number;
  /** Why the last attempt failed. */
  error?: ItemError;
  accepted_at?: number;
  stored_at?: number;
}

/** `POST /uploads/check`: at most 100 jobs. */
export interface UploadCheckRequest {
  jobs: { job_id: string; sha256: string }[];
}

/** The jobs in the order of the request. */
export interface UploadCheckAnswer {
  jobs: UploadStatus[];
}

/** `GET /uploads`: the uploads of the caller, the newest first, at most 1,000. */
export interface UploadsAnswer {
  jobs: UploadStatus[];
  /** The problem that must be solved before anything can be stored. */
  blocked?: ItemError;
  /** Why the server does not use the bucket for a while: no request to it has succeeded recently. */
  paused?: ItemError;
}

/** `DELETE /uploads/:jobId`. `stored` means that it was too late to cancel the upload. */
export interface UploadCancelAnswer {
  job_id: string;
  state: Extract<UploadState, 'canceled' | 'stored'>;
}

/**
 * `POST /uploads/add`: an entity has a picture that the bucket has already, e.g. because its reference was pasted into a note. It is an upload
 * without bytes. It may be sent any number of times; the answer is its status, with `stored` or `canceled`.
 */
export interface UploadAddRequest {
  /** As that of an upload. `POST /uploads/remove` and `DELETE /uploads/:jobId` take it back. */
  job_id: string;
  entity: UploadEntity;
  /** `<image_id>.<ext>`, the last part of `ref`. */
  image: { name: string };
}

/** `POST /uploads/find`: by which uploads has an entity these pictures? To be asked before `POST /uploads/remove` with `exact`. */
export interface UploadFindRequest {
  entity: UploadEntity;
  /** At most 1,000; each `<image_id>.<ext>`, the last part of `ref`. */
  images: { name: string }[];
}

export interface UploadFindAnswer {
  /** At most 800: those that wait on this server, and those that the bucket has. */
  job_ids: string[];
  /** `false`: there are more. They are found when these were removed. */
  is_complete: boolean;
}

/**
 * `POST /uploads/remove`: an entity has these pictures no more. Uploads of them for that entity which are not in the bucket yet are
 * canceled, and so are the uploads with these ids. It may be sent any number of times.
 */
export interface UploadRemoveRequest extends UploadFindRequest {
  /** At most 1,000 uploads, also such that have not come yet: they are refused when they come. */
  job_ids?: string[];
  /**
   * Whether only the uploads of `job_ids` are taken back. Then it does no harm when this request arrives late, or several servers work on it:
   * what the entity was given after the uploads were asked for stays. Else the server looks for the uploads by itself. @default false
   */
  exact?: boolean;
}

/** What has become of a picture that an entity has no more. */
export interface RemovedImage {
  name: string;
  /**
   * - `kept`: it stays in the bucket. `reason` says why: something else uses it, or the server deletes nothing.
   * - `dropped`: nothing uses it. It is deleted after `due_at`, unless something does by then.
   * - `deleted`: it is not in the bucket any more.
   */
  state: 'kept' | 'dropped' | 'deleted';
  /** Milliseconds since the epoch, by the clock of the bucket. */
  due_at?: number;
  reason?: string;
}

/** The pictures in the order of the request. */
export interface UploadRemoveAnswer {
  images: RemovedImage[];
}

/** `GET /uploads/health` */
export interface UploadHealth {
  ok: true;
  project: string;
}

/** Is sent to pages of Vite's dev server when an upload changes. In a server of your own, use `POST /uploads/check`. */
export interface UploadEvent {
  type: 'upload';
  job: Omit<UploadStatus, 'filename'>;
}
