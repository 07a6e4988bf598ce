/**
 * The wire contract between the server and the browser: paths, JSON shapes, error codes, event names.
 * Imports nothing, so that both sides can import it. Browser code imports its types only.
 */

/** Where the API is mounted unless the option `base` says otherwise. */
export const DEFAULT_BASE = '/api/cache';

/** The format version of `manifest.json`, and of what `GET /manifest` answers. */
export const MANIFEST_VERSION = '1.0';

/** Custom event on Vite's HMR socket that carries a {@link CacheEvent}. */
export const EVENT_NAME = 'image-cache:event';

/**
 * An app's own fields about an image (seed 003: style, title, prompt, model): any JSON object of at most 2,048 bytes. Whoever may
 * prefetch the image may set them, so an app must treat them as it treats any other input.
 */
export type ImageMeta = Record<string, unknown>;

/** What is known about one cached image. Times are milliseconds since the epoch. */
export interface ManifestEntry {
  /** Canonical, unsigned URL of the object. Never carries a signature. */
  s3_url: string;
  /** Path relative to the project's root, e.g. `.image-cache/images/0001/0001_0f3c…_9b1d….jpg`. */
  local_path: string;
  cached_at: number;
  /** When S3 last said that the object is still this one, if it was asked since. */
  validated_at?: number;
  size_bytes: number;
  /** The actor the image was first cached for. */
  actor_id: string;
  /** Name for people; plays no part in any path. */
  filename: string;
  /** The ETag S3 sent, quotes included; empty when it sent none. */
  etag: string;
  /** SHA-256 of the bytes, hex. */
  sha256: string;
  /** Of the bytes that S3 sent, where they were stored as WebP; all else is about what is stored. */
  original_sha256?: string;
  original_size_bytes?: number;
  /** Found by looking at the bytes, e.g. `image/jpeg`; never believed from a header. */
  content_type: string;
  /** Pixels, orientation applied. */
  width?: number;
  height?: number;
  /** A thumbhash, base64. */
  placeholder?: string;
  /**
   * The actors that use the image, when more than one does: the first 64, and those before others whose images are pinned. An
   * image that more use is served to all of them, but clearing those 64 forgets it, and the others have no quota of it. In
   * `manifest.json`, `GET /manifest` and the server's own code only: other answers and events leave it out.
   */
  actor_ids?: string[];
  last_used_at: number;
  /** Never evicted. */
  pinned?: boolean;
  /** The app's own fields, as the last prefetch that named some gave them. They go with the entry. */
  meta?: ImageMeta;
}

/** `GET /manifest`, and the content of `manifest.json`. */
export interface Manifest {
  version: typeof MANIFEST_VERSION;
  last_updated: number;
  /** In `manifest.json`: of all entries. */
  total_entries?: number;
  total_size_bytes?: number;
  /** By canonical URL. */
  entries: Record<string, ManifestEntry>;
}

/** `GET /exists?path=` or `?url=` */
export interface ExistsAnswer {
  exists: boolean;
}

/** `POST /lookup`: one call for a page full of images. */
export interface LookupRequest {
  urls: string[];
}

export interface LookupAnswer {
  /**
   * By URL as it was asked; `null` for what is not cached (or is no URL of a configured bucket). Of several URLs of one object
   * the first only.
   */
  entries: Record<string, ManifestEntry | null>;
  /**
   * The further URLs of objects that were asked for by more than one, and where in `urls` the first one is:
   * `entries[url] ?? entries[urls[same_as?.[url]]]`. Absent when there are none.
   */
  same_as?: Record<string, number>;
}

/** `high` overtakes every queued `normal`. */
export type Priority = 'high' | 'normal';

/**
 * How soon an image is needed. `visible`: a page shows its place already, so it is downloaded ahead of every prefetch, and those
 * that ask take turns.
 */
export type Urgency = 'visible' | Priority;

export interface PrefetchImage {
  /** Any URL of the object: presigned, bare, or `s3://bucket/key`. */
  s3_url: string;
  /** Who uses the image. @default the `actor_id` of the request */
  actor_id?: string;
  /** Name for people; defaults to the last part of the object's key. */
  filename?: string;
  /**
   * The app's own fields, which are kept in the image's entry, e.g. `{ style: 'noir', model: 'v3' }`. They take the place of those it
   * had; `{}` removes them, and without `meta` they stay.
   */
  meta?: ImageMeta;
}

/** `POST /prefetch` */
export interface PrefetchRequest {
  actor_id: string;
  /** At most 10,000; those for the screen at most 1,000, the nearest first. */
  images: PrefetchImage[];
  /**
   * With `'visible'`, a cached image is answered at once although it may be stale: S3 is asked in the background, as for
   * `GET /image?url=`. When the request is aborted, what only it asked for is given up, whatever the priority. @default 'normal'
   */
  priority?: Urgency;
  /** Asks S3 whether the images that are cached have changed, however fresh they are. @default false */
  revalidate?: boolean;
}

/** How one image of a prefetch ended. */
export type PrefetchResult =
  | {
      s3_url: string;
      /** An image that changed is `downloaded`, too. */
      status: 'cached' | 'downloaded';
      entry: ManifestEntry;
      /** Why S3 could not say whether the image has changed; the cached one stays. */
      stale?: ItemError;
    }
  | { s3_url: string; status: 'failed'; error: ItemError };

/** How an image ended whose object the request names more than once: its entry is told once, with another of them. */
export interface RepeatedResult {
  s3_url: string;
  status: 'cached' | 'downloaded';
  /** Where in `images` the one is that the entry is told with. Of an answer line by line, its line came before. */
  same_as: number;
  stale?: ItemError;
}

export type PrefetchAnswerResult = PrefetchResult | RepeatedResult;

/** Why one image failed, inside an answer that is itself 200. */
export interface ItemError {
  code: ErrorCode;
  detail: string;
  hint?: string;
  /** It may well be gone at the next attempt: a 5xx of S3, a connection that was lost. */
  transient?: true;
}

/**
 * What `POST /prefetch` answers. The `s3_url` of each result is the canonical one: signatures are never echoed.
 * `results` are in the order of the request. With `Accept: application/x-ndjson`, one line
 * `{index, ...PrefetchAnswerResult}` per image as it settles, then one line `{done: true, ...counts}`.
 */
export interface PrefetchAnswer extends PrefetchCounts {
  results: PrefetchAnswerResult[];
}

export interface PrefetchCounts {
  actor_id: string;
  total: number;
  cached: number;
  downloaded: number;
  failed: number;
}

/** One line of `POST /prefetch` as `application/x-ndjson`. */
export type PrefetchLine = (PrefetchAnswerResult & { index: number }) | (PrefetchCounts & { done: true });

/** `POST /invalidate` */
export interface InvalidateRequest {
  s3_url: string;
}

export interface InvalidateAnswer {
  invalidated: number;
}

/** `POST /clear/:actorId` and `POST /clear-all` */
export interface ClearAnswer {
  cleared: number;
  freed_bytes: number;
  /** Images that another actor still uses. */
  kept: number;
  /** Uploads that are not in the bucket yet. Their pictures stay in the outbox, which no clearing touches. Absent if there are none. */
  pending_uploads?: number;
  /** Where no image is filed under the actor: which actors there are. */
  hint?: string;
}

/** `POST /pin`: one image, or all that an actor has and will have, is never evicted, or may be again. */
export type PinRequest = PinTarget & {
  /** @default true */
  pinned?: boolean;
};

export type PinTarget = { s3_url: string } | { actor_id: string };

export interface PinAnswer {
  /** How many cached images the change was about. */
  pinned: number;
}

export type VerifyStepName = 'scan' | 'rehash' | 'repair' | 'drop' | 'clean';

/** A step of a verification, with what it looked at and what it mended. */
export interface VerifyStep {
  step: VerifyStepName;
  took_ms: number;
  checked: number;
  healed: number;
}

/** `POST /verify` */
export interface VerifyReport {
  started_at: number;
  took_ms: number;
  /** In the order in which they ran. */
  steps: VerifyStep[];
  /** Now in the manifest. */
  entries: number;
  /** Files without an entry, which are adopted when their URL is asked for. */
  unclaimed: number;
  /** Entries whose file was not what it had been; it is in `quarantine/`. */
  damaged: number;
  /** Entries whose file was gone. */
  missing: number;
  /** Of those two, entries whose image was found under another name. */
  repaired: number;
  /** Of those two, entries that were dropped; their images are fetched again when asked for. */
  dropped: number;
  /** Files without an entry that are no images of ours, or not whole, and were put aside. */
  quarantined: number;
  /** Half-written files of processes that have ended. */
  cleaned: number;
}

/** How far a step has come. */
export interface VerifyProgress {
  step: VerifyStepName;
  checked: number;
  total: number;
}

/** One line of `POST /verify` with `Accept: application/x-ndjson`; an error ends the lines. */
export type VerifyLine = VerifyProgress | (VerifyReport & { done: true }) | { error: ItemError };

/** `GET /stats` */
export interface CacheStats {
  /** Of the directory; a copy of it gets another one. Empty where none can be written. */
  cache_id: string;
  total_entries: number;
  total_size_bytes: number;
  /** Megabytes of 1,000,000 bytes, two decimals. */
  total_size_mb: number;
  actors: Record<string, { entries: number; size_bytes: number }>;
  /** Files without an entry: they count for `maxSize`, are adopted when asked for, and are the first to go. */
  unclaimed: { files: number; size_bytes: number };
  variants: VariantStats;
  compression: CompressionStats;
  memory: { entries: number; size_bytes: number; max_bytes: number };
  /** Since this server started. */
  hits: { memory: number; disk: number };
  misses: number;
  /** 0 to 1; 0 when nothing was asked yet. */
  hit_ratio: number;
  /** Bytes served that S3 did not have to send. */
  bytes_saved: number;
  /** Since this server started. */
  downloads: {
    active: number;
    queued: number;
    completed: number;
    failed: number;
    bytes: number;
  };
  /** Since this server started: what S3 answered when it was asked whether an image has changed. */
  revalidations: { unchanged: number; changed: number; failed: number };
  /** Since this server started: images that were read into memory, and downloaded, before anybody looked at them. */
  preloading: ForesightStats;
  prefetching: ForesightStats;
}

/** What was fetched before anybody asked for it. What nobody has asked for yet is neither useful nor wasted. */
export interface ForesightStats {
  /** Images. */
  loaded: number;
  bytes: number;
  /** Bytes of images that were served afterwards. */
  useful_bytes: number;
  /** Bytes of images that went without having been served. */
  wasted_bytes: number;
}

/** Images of other sizes and formats. They count for `maxSize`, and go before the originals they were made of. */
export interface VariantStats {
  /** On disk. */
  count: number;
  size_bytes: number;
  /** Since this server started: made from their originals, and served without that. */
  made: number;
  hits: number;
  /** Since this server started: originals that could not be decoded. */
  failed: number;
}

/** Images that are stored as WebP, with fewer bytes than S3 sent (`images.store`). */
export interface CompressionStats {
  images: number;
  original_bytes: number;
  stored_bytes: number;
  saved_bytes: number;
}

// Uploads. Every call carries the header `Image-Cache-Project`, which no page of another site can send without asking first.

/**
 * Where an upload is:
 * - `accepted`: the server has the bytes on its disk, and they survive its end.
 * - `storing`: they are being sent to the bucket.
 * - `stored`: the bucket has proved that it has them.
 * - `failed`: the bucket has refused them for good, or as often as it is asked; the server keeps them.
 * - `blocked`: something has to be put right first (credentials, a bucket that does not exist, a full disk). The server keeps the
 *   bytes, and tries again every minute.
 * - `canceled`: given up on request.
 * - `needed`: the server does not have the bytes.
 */
export type UploadState = 'accepted' | 'storing' | 'stored' | 'failed' | 'blocked' | 'canceled' | 'needed';

/** What the server knows of an upload. Times are milliseconds since the epoch. Without bytes only `job_id` and `state` are there. */
export interface UploadStatus {
  /** 32 lower-case hex digits, made by the client: 48 bits of the time in milliseconds, and 80 random ones. */
  job_id: string;
  state: UploadState;
  /** The first half of the SHA-256 of the bytes: 32 hex digits. */
  image_id?: string;
  /** A name for good, `/api/cache/i/<image_id>.<ext>`, whatever the option `base` is. Readers take its last part. */
  ref?: string;
  /** Of the bytes, hex. */
  sha256?: string;
  size_bytes?: number;
  /** Found by looking at the bytes. */
  content_type?: string;
  filename?: string;
  /** The canonical URL that the object has in the bucket, or will have. */
  s3_url?: string;
  /** How often the bucket has refused the bytes while it took others. */
  attempts?: number;
  next_attempt_at?: number;
  /** Why the last attempt failed. */
  error?: ItemError;
  accepted_at?: number;
  stored_at?: number;
}

/** `POST /uploads/check`: at most 100. */
export interface UploadCheckRequest {
  jobs: { job_id: string; sha256: string }[];
}

/** In the order of the request. */
export interface UploadCheckAnswer {
  jobs: UploadStatus[];
}

/** `GET /uploads`: those of the caller, the newest first, at most 1,000. */
export interface UploadsAnswer {
  jobs: UploadStatus[];
  /** What has to be put right before anything can be stored. */
  blocked?: ItemError;
  /** Why the bucket is left alone for a while: it has answered nothing of late with success. */
  paused?: ItemError;
}

/** `DELETE /uploads/:jobId`. `stored`: it was too late. */
export interface UploadCancelAnswer {
  job_id: string;
  state: Extract<UploadState, 'canceled' | 'stored'>;
}

/** `GET /uploads/health` */
export interface UploadHealth {
  ok: true;
  project: string;
}

/** Custom event on Vite's HMR socket that carries an {@link UploadEvent}. It has a name of its own because {@link EVENT_NAME} carries a {@link CacheEvent} only. */
export const UPLOAD_EVENT_NAME = 'image-cache:upload';

/** Told to the pages of Vite's dev server whenever an upload has come further. In a server of your own, ask `POST /uploads/check`. */
export interface UploadEvent {
  type: 'upload';
  job: Omit<UploadStatus, 'filename'>;
}

/** What happened in the cache, for whoever watches. Never carries a signed URL. */
export type CacheEvent =
  | { type: 'stored'; entry: ManifestEntry }
  | { type: 'invalidated'; s3_urls: string[] }
  | { type: 'cleared'; actor_id?: string; s3_urls: string[] };

/** The value of `X-Cache`. */
export type CacheOutcome = 'HIT' | 'MISS' | 'STALE' | 'REVALIDATED';

/** Which tier answered; sent as the metric name in `Server-Timing`, which a page may read of its own images. */
export type CacheTier = 'memory' | 'disk' | 's3';

/** An error answer: RFC 9457 `application/problem+json`. */
export interface Problem {
  type: 'about:blank';
  status: number;
  /** A short name of the status. */
  title: string;
  /** What went wrong, in a sentence; no secrets. */
  detail: string;
  code: ErrorCode;
  /** What to do about it. */
  hint?: string;
}

/** Every code an answer can carry, with the HTTP status it comes with. */
export const ERROR_STATUS = {
  // The request
  INVALID_URL: 400,
  INVALID_URL_SCHEME: 400,
  INVALID_PATH: 400,
  INVALID_ACTOR_ID: 400,
  INVALID_FILENAME: 400,
  INVALID_VARIANT: 400,
  INVALID_JSON: 400,
  INVALID_BODY: 400,
  INVALID_HOST: 400,
  FORBIDDEN_ORIGIN: 403,
  FORBIDDEN_HOST: 403,
  MANAGEMENT_CLOSED: 403,
  HOST_NOT_ALLOWED: 403,
  NOT_AUTHORIZED: 403,
  NOT_FOUND: 404,
  NOT_CACHED: 404,
  METHOD_NOT_ALLOWED: 405,
  PRECONDITION_FAILED: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RANGE_NOT_SATISFIABLE: 416,
  // What S3 sent
  IMAGE_TOO_LARGE: 413,
  NOT_AN_IMAGE: 502,
  UNSUPPORTED_TYPE: 502,
  UNSUPPORTED_ENCODING: 502,
  UPSTREAM_CHECKSUM: 502,
  UPSTREAM_ERROR: 502,
  UPSTREAM_EXPIRED: 403,
  UPSTREAM_FORBIDDEN: 403,
  UPSTREAM_NOT_FOUND: 404,
  UPSTREAM_REDIRECT: 502,
  UPSTREAM_THROTTLED: 503,
  UPSTREAM_TIMEOUT: 504,
  UPSTREAM_TRUNCATED: 502,
  UPSTREAM_UNREACHABLE: 502,
  // An upload
  UPLOADS_OFF: 404,
  PROJECT_MISSING: 400,
  OTHER_PROJECT: 409,
  UPLOAD_CONFLICT: 409,
  UPLOAD_UNKNOWN: 404,
  UPLOAD_DIGEST: 400,
  UPLOAD_EMPTY: 400,
  UPLOAD_NOT_AN_IMAGE: 415,
  UPLOAD_TOO_LARGE: 413,
  UPLOAD_TIMEOUT: 408,
  OUTBOX_FULL: 507,
  OUTBOX_DISK_FULL: 507,
  ID_CONFLICT: 409,
  // What was to be made of it
  SHARP_MISSING: 501,
  TOO_MANY_PIXELS: 422,
  UNDECODABLE: 422,
  // Ourselves
  CACHE_CORRUPT: 404,
  CACHE_DIR_UNSAFE: 500,
  CACHE_DIR_TIMEOUT: 503,
  CACHE_DISK_FULL: 507,
  CACHE_UNWRITABLE: 503,
  OVERLOADED: 503,
  ABORTED: 499,
  INVALID_OPTION: 500,
  INTERNAL: 500,
} as const;

/** A closed union: every machine-readable reason for a refusal or a fault. */
export type ErrorCode = keyof typeof ERROR_STATUS;
