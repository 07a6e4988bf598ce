/**
 * The wire contract between the server and the browser: paths, JSON shapes, error codes, event names.
 * Imports nothing, so that both sides can import it. Browser code imports its types only.
 */

/** The path of the API, unless the option `base` says otherwise. */
export const DEFAULT_BASE = '/api/cache';

/** The name of the service worker that a build writes. */
export const WORKER_FILE = 'image-cache-sw.js';

/** The format version of `manifest.json`, and of the answer to `GET /manifest`. */
export const MANIFEST_VERSION = '1.0';

/** Custom event on Vite's HMR socket that carries a {@link CacheEvent}. */
export const EVENT_NAME = 'image-cache:event';

/** A page in development says so when it leaves out `widths`, because the plugin has said that sharp is missing. */
export const SHARP_EVENT_NAME = 'image-cache:sharp-missing';

/** What the log says then, and when the first variant is asked for that cannot be made. */
export const SHARP_MISSING =
  'Images come in their original size and format, because variants are made with sharp, which is not installed. ' +
  'Run `npm install sharp`, and restart the server.';

/** The variable of the environment that goes before the option `offline`. */
export const OFFLINE_VARIABLE = 'IMAGE_CACHE_OFFLINE';

/** What the log says when a server starts that is offline by choice. */
export const OFFLINE_START =
  'OFFLINE: only cached images are served, S3 is not asked, and nothing is removed. ' +
  `This is what the option \`offline\` or ${OFFLINE_VARIABLE}=1 asks for.`;

/** The same for an `UploadEvent`. It has a name of its own, because {@link EVENT_NAME} only carries a {@link CacheEvent}. */
export const UPLOAD_EVENT_NAME = 'image-cache:upload';

/**
 * Custom event on Vite's HMR socket, and an event of `GET /events` under the name `recovered`: what kept images from arriving is over, so
 * that a page should try again what has failed. Its data is `{}`. It is no {@link CacheEvent}, because older pages take one that they do
 * not know for a list of URLs.
 */
export const RECOVERED_EVENT_NAME = 'image-cache:recovered';

/** Custom event on Vite's HMR socket: a page asks by it, and is told by it, whether a simulation is on ({@link SimulationNews}). */
export const SIMULATION_EVENT_NAME = 'image-cache:simulation';

/** While a simulation is on, pages load also the original URL of an image through the server, where the simulation can reach it. */
export interface SimulationNews {
  isOn: boolean;
}

/** Header of each answer that a simulation has changed or held back; its value says how, e.g. `fail=UPSTREAM_NOT_FOUND`. */
export const SIMULATED_HEADER = 'X-Image-Cache-Simulated';

/**
 * An app's own fields about an image (seed 003: style, title, prompt, model): any JSON object of at most 2,048 bytes. Every client
 * that may prefetch the image may set them, so an app must check them like any other input.
 */
export type ImageMeta = Record<string, unknown>;

/** What the cache knows about one image. Times are milliseconds since the epoch. */
export interface ManifestEntry {
  /** Canonical URL of the object. Never contains a signature. */
  s3_url: string;
  /** Path relative to the project's root, e.g. `.image-cache/images/0001/0001_0f3c…_9b1d….jpg`. */
  local_path: string;
  cached_at: number;
  /**
   * When S3 last said that the image has not changed. Absent if S3 was not asked since the download; 0 if the bytes are from a pack, and
   * S3 was never asked about them.
   */
  validated_at?: number;
  size_bytes: number;
  /** The actor the image was first cached for. */
  actor_id: string;
  /** A name for people to read; not used in any path. */
  filename: string;
  /** The ETag S3 sent, quotes included; empty when it sent none. */
  etag: string;
  /** SHA-256 of the bytes, hex. */
  sha256: string;
  /** SHA-256 of the bytes that S3 sent, if the image was converted to WebP. The other fields describe the stored bytes. */
  original_sha256?: string;
  /** Number of bytes that S3 sent, if the image was converted to WebP. */
  original_size_bytes?: number;
  /** The type that the bytes have, e.g. `image/jpeg`. It is never taken from a header. */
  content_type: string;
  /** Width in pixels, after the EXIF orientation was applied; as `height`. */
  width?: number;
  height?: number;
  /** A thumbhash, base64. */
  placeholder?: string;
  /**
   * The actors that use the image, if there is more than one. At most 64: the first ones, where actors whose images are pinned come
   * before others. Further actors can use the image, too, but it is removed when these 64 are cleared, and it does not count for
   * the quotas of the others. Only `manifest.json`, `GET /manifest` and code in the server have this field; other answers and
   * events leave it out.
   */
  actor_ids?: string[];
  last_used_at: number;
  /** True if the image is never evicted. */
  pinned?: boolean;
  /** The app's own fields, from the last prefetch that had some. They are removed with the entry. */
  meta?: ImageMeta;
}

/** `GET /manifest`, and the content of `manifest.json`. */
export interface Manifest {
  version: typeof MANIFEST_VERSION;
  last_updated: number;
  /** Only in `manifest.json`, as `total_size_bytes`: the sum of all entries. */
  total_entries?: number;
  total_size_bytes?: number;
  /** By canonical URL. */
  entries: Record<string, ManifestEntry>;
}

/** How far the export or the import of a pack is. */
export interface PackProgress {
  /** Images of the pack so far, whatever became of them. */
  checked: number;
  total: number;
  /** Bytes of images that were written so far: to the pack, or to the cache. */
  size_bytes: number;
  /** Of an export: images without a good file, which the pack does not have. Of an import: images that were not taken. */
  left_out: number;
}

/** `POST /import`, and the last line of its progress. */
export interface ImportAnswer {
  done: true;
  /** Images in the manifest of the pack. Those that were cleared while they were imported are in none of the numbers below. */
  total: number;
  /** Images that are in the cache now, and were not before, or with other bytes of an earlier pack. */
  imported: number;
  /** Bytes of these. */
  size_bytes: number;
  /** Images that were cached before with the same bytes. */
  known: number;
  /** Images in the manifest of the pack without a file in it: they were removed while it was written. */
  absent: number;
  /** Files of the pack that were not taken. */
  refused: number;
  /** The first 1,000 of these, and why. */
  problems: (ItemError & {
    /** Its path in the pack. Of a path that is not one of ours, its beginning. */
    path: string;
  })[];
}

/** Lines of `POST /import` with `Accept: application/x-ndjson`. */
export type ImportLine = PackProgress | ImportAnswer | { error: ItemError };

/** `GET /exists?path=` or `?url=` */
export interface ExistsAnswer {
  exists: boolean;
}

/** `POST /lookup`: one call for a page full of images. */
export interface LookupRequest {
  /** URLs, or the `local_path`s of entries. */
  urls: string[];
}

export interface LookupAnswer {
  /**
   * By URL as it was in the request; `null` for an image that is not cached, and for a URL that is not in a configured bucket. If
   * several URLs name the same object, only the first one is here.
   */
  entries: Record<string, ManifestEntry | null>;
  /**
   * If several URLs name the same object: all but the first of them, with the index in `urls` of the first. The entry of any URL
   * is `entries[url] ?? entries[urls[same_as?.[url]]]`. Absent when it would be empty.
   */
  same_as?: Record<string, number>;
}

/** Images with `high` are downloaded before all queued images with `normal`. */
export type Priority = 'high' | 'normal';

/**
 * How soon an image is needed. `visible`: a page already shows the place of the image, so it is downloaded before every prefetch.
 * Requests with visible images take turns.
 */
export type Urgency = 'visible' | Priority;

export interface PrefetchImage {
  /** Any URL of the object: presigned, bare, or `s3://bucket/key`. */
  s3_url: string;
  /** The actor that uses the image. @default the `actor_id` of the request */
  actor_id?: string;
  /** A name for people to read. @default the last part of the object's key */
  filename?: string;
  /**
   * The app's own fields, which are kept in the image's entry, e.g. `{ style: 'noir', model: 'v3' }`. They replace the fields that
   * the entry had: `{}` removes them, and without `meta` they stay.
   */
  meta?: ImageMeta;
}

/** `POST /prefetch` */
export interface PrefetchRequest {
  actor_id: string;
  /** At most 10,000. With the priority `'visible'` at most 1,000, in the order in which they are needed. */
  images: PrefetchImage[];
  /**
   * With `'visible'`, a cached image is answered at once even if it is stale, and S3 is asked in the background whether it has
   * changed, as for `GET /image?url=`. When the request is aborted, downloads that no other request needs are aborted, whatever the
   * priority. @default 'normal'
   */
  priority?: Urgency;
  /** Asks S3 whether the cached images have changed, even if they are fresh. @default false */
  revalidate?: boolean;
}

/** The result of one image of a prefetch. */
export type PrefetchResult =
  | {
      s3_url: string;
      /** `downloaded` also if the image was cached, but has changed in S3. */
      status: 'cached' | 'downloaded';
      entry: ManifestEntry;
      /** Why S3 could not be asked whether the image has changed. The cached image is kept. */
      stale?: ItemError;
    }
  | { s3_url: string; status: 'failed'; error: ItemError };

/** The result of an image whose object the request names more than once. Its entry is only in one of these results. */
export interface RepeatedResult {
  s3_url: string;
  status: 'cached' | 'downloaded';
  /** The index in `images` of the image whose result has the entry. In an answer of lines, that line came before this one. */
  same_as: number;
  stale?: ItemError;
}

export type PrefetchAnswerResult = PrefetchResult | RepeatedResult;

/** Why one image failed, in an answer with the status 200. */
export interface ItemError {
  code: ErrorCode;
  detail: string;
  hint?: string;
  /** True if another attempt may succeed: after a 5xx answer of S3, or a lost connection. */
  transient?: true;
}

/**
 * The answer to `POST /prefetch`. The `s3_url` of each result is the canonical one, so signatures are never sent back.
 * `results` are in the order of the request. With `Accept: application/x-ndjson`, the answer is one line
 * `{index, ...PrefetchAnswerResult}` per image as soon as it has ended, then one line `{done: true, ...counts}`.
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
  /** Images that were kept because another actor still uses them. */
  kept: number;
  /** Uploads that are not in the bucket yet. Their pictures are in the outbox, which is never cleared. Absent if there are none. */
  pending_uploads?: number;
  /** If the actor has no images: a sentence that names some actors that have. */
  hint?: string;
}

/** `POST /pin`: pins or unpins one image, or all present and future images of an actor. A pinned image is never evicted. */
export type PinRequest = PinTarget & {
  /** @default true */
  pinned?: boolean;
};

export type PinTarget = { s3_url: string } | { actor_id: string };

export interface PinAnswer {
  /** How many cached images were pinned or unpinned. */
  pinned: number;
}

export type VerifyStepName = 'scan' | 'rehash' | 'repair' | 'drop' | 'clean';

/** A step of a verification: how many files or entries it checked, and how many it repaired. */
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
  /** Entries in the manifest after the verification. */
  entries: number;
  /** Files without an entry. They get one when their URL is requested. */
  unclaimed: number;
  /** Entries whose file had other bytes than before. The file was moved to `quarantine/`. */
  damaged: number;
  /** Entries whose file was gone. */
  missing: number;
  /** Damaged or missing entries whose image was found in another file. */
  repaired: number;
  /** Damaged or missing entries that were dropped. Their images are downloaded again when they are requested. */
  dropped: number;
  /** Files without an entry that were moved to `quarantine/`, because they are incomplete or not images of the cache. */
  quarantined: number;
  /** Half-written files of processes that have ended. */
  cleaned: number;
}

/** The progress of a step. */
export interface VerifyProgress {
  step: VerifyStepName;
  checked: number;
  total: number;
}

/** One line of `POST /verify` with `Accept: application/x-ndjson`. A line with an error is the last one. */
export type VerifyLine = VerifyProgress | (VerifyReport & { done: true }) | { error: ItemError };

/** `GET /stats` */
export interface CacheStats {
  /** The id of the cache directory. A copy of the directory gets another one. Empty if it cannot be written. */
  cache_id: string;
  total_entries: number;
  total_size_bytes: number;
  /** Megabytes of 1,000,000 bytes, two decimals. */
  total_size_mb: number;
  actors: Record<string, { entries: number; size_bytes: number }>;
  /** Files without an entry. They count for `maxSize`, get an entry when they are requested, and are evicted first. */
  unclaimed: { files: number; size_bytes: number };
  variants: VariantStats;
  compression: CompressionStats;
  memory: { entries: number; size_bytes: number; max_bytes: number };
  /** Since this server started. */
  hits: { memory: number; disk: number };
  misses: number;
  /** From 0 to 1; 0 when nothing was requested yet. */
  hit_ratio: number;
  /** Bytes that were served without a download. */
  bytes_saved: number;
  /** Since this server started. */
  downloads: {
    active: number;
    queued: number;
    completed: number;
    /** Without those that were aborted, because nobody waited for them any more. */
    failed: number;
    bytes: number;
  };
  /** Since this server started: the results of asking S3 whether an image has changed. */
  revalidations: { unchanged: number; changed: number; failed: number };
  /** Only with the option `offline`. */
  offline?: OfflineStats;
  /** Since this server started: images that were read into memory before they were requested. */
  preloading: SpeculativeLoadStats;
  /** Since this server started: images that were downloaded before they were requested. */
  prefetching: SpeculativeLoadStats;
}

/** What a server that is offline was asked for since its start, and could not serve. */
export interface OfflineStats {
  /** Images that were not in the cache, each counted once. No more than 10,000 are counted. */
  missed: number;
  /** Their canonical URLs, the first 1,000. */
  s3_urls: string[];
}

/** Images that were loaded before they were requested. Those that were not requested yet are neither useful nor wasted. */
export interface SpeculativeLoadStats {
  /** Images. */
  loaded: number;
  bytes: number;
  /** Bytes of images that were served afterwards. */
  useful_bytes: number;
  /** Bytes of images that were removed before they were served. */
  wasted_bytes: number;
}

/** Images of other sizes and formats. They count for `maxSize`, and are evicted before their originals. */
export interface VariantStats {
  /** On disk. */
  count: number;
  size_bytes: number;
  /** Since this server started: variants that were made. */
  made: number;
  /** Since this server started: variants that were served without being made. */
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

/** A change in the cache. Never contains a signed URL. */
export type CacheEvent =
  | { type: 'stored'; entry: ManifestEntry }
  | { type: 'invalidated'; s3_urls: string[] }
  | { type: 'cleared'; actor_id?: string; s3_urls: string[] };

/** The value of `X-Cache`. */
export type CacheOutcome = 'HIT' | 'MISS' | 'STALE' | 'REVALIDATED';

/** The tier that the bytes came from. It is sent as a metric name in `Server-Timing`, which a page can read for its own images. */
export type CacheTier = 'memory' | 'disk' | 's3';

/** An error answer: RFC 9457 `application/problem+json`. */
export interface Problem {
  type: 'about:blank';
  status: number;
  /** A short name of the status. */
  title: string;
  /** What went wrong, in a sentence without secrets. */
  detail: string;
  code: ErrorCode;
  /** What to do about it. */
  hint?: string;
}

/** Every code that an answer can have, with its HTTP status. */
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
  // The answer of S3
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
  OTHER_OWNER: 409,
  UPLOAD_CONFLICT: 409,
  UPLOAD_UNKNOWN: 404,
  UPLOAD_DIGEST: 400,
  UPLOAD_EMPTY: 400,
  UPLOAD_NOT_AN_IMAGE: 415,
  UPLOAD_TOO_LARGE: 413,
  UPLOAD_TIMEOUT: 408,
  ENTITY_INVALID: 400,
  OUTBOX_FULL: 507,
  OUTBOX_DISK_FULL: 507,
  ID_CONFLICT: 409,
  // A pack
  PACK_INVALID: 400,
  PACK_MISMATCH: 400,
  PACK_CONFLICT: 409,
  PACK_TOO_LARGE: 507,
  // Making a variant
  SHARP_MISSING: 501,
  TOO_MANY_PIXELS: 422,
  UNDECODABLE: 422,
  // The option `offline`
  OFFLINE: 409,
  OFFLINE_MISS: 504,
  // The cache itself
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

/** Every machine-readable reason for a refusal or a fault. The union is closed. */
export type ErrorCode = keyof typeof ERROR_STATUS;
