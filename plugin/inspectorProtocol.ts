import type {
  CacheOutcome,
  CacheStats,
  OfflineStats,
  CacheTier,
  ErrorCode,
  ItemError,
  ManifestEntry,
  Urgency,
} from './protocol.ts';

/**
 * The wire contract of the inspector. Its page asks these calls below `<base>/__image-cache/api/`; all of them are `GET` and change
 * nothing, not even when an image was last used, unless they say otherwise. Times are milliseconds since the epoch. Nothing here ever
 * contains a signature. Imports types only.
 */

/**
 * Why an image was not in the cache when it was requested:
 * - `first_seen`: nothing is known of an earlier copy.
 * - `invalidated`, `cleared`: it was removed by a call of the API.
 * - `evicted`: it made room for others (`maxSize`, `maxEntries`, `minFreeSpace`, a quota).
 * - `aged_out`: nothing had used it for longer than `maxAge`.
 * - `missing`: its file was gone.
 * - `damaged`: its file had other bytes than it should.
 * - `changed`: the object in S3 has other bytes now.
 * - `reset`: the cache directory was emptied or replaced.
 */
export type MissReason =
  | 'first_seen'
  | 'invalidated'
  | 'cleared'
  | 'evicted'
  | 'aged_out'
  | 'missing'
  | 'damaged'
  | 'changed'
  | 'reset';

/** The option that made a copy go, or `damaged`: its file had other bytes than it should. */
export type RemovalCause = 'maxSize' | 'maxEntries' | 'maxAge' | 'minFreeSpace' | 'quotas' | 'damaged';

/**
 * One answer of the cache that took more than a look into memory. While a page asks `GET /live`, also the hits in memory, as one row for
 * each image and question.
 */
export interface Activity {
  /** Counts up by one, from 1 at the start of the server. */
  seq: number;
  at: number;
  s3_url: string;
  actor_id?: string;
  outcome: CacheOutcome | 'FAILED' | 'PREFETCHED';
  /** Where the bytes came from; absent if the request failed. */
  tier?: CacheTier;
  /** Why it was a miss; absent if it was none. */
  reason?: MissReason;
  /** When the copy was removed that the reason tells of, if that is known. */
  removed_at?: number;
  /** Why that copy was removed, if it was evicted. */
  cause?: RemovalCause;
  /** How many hits in memory the row stands for, if more than one. */
  count?: number;
  /** Milliseconds; absent for a hit in memory, which is never timed. */
  duration_ms?: number;
  /** Of these, in the queue of downloads. */
  queue_ms?: number;
  size_bytes?: number;
  /** Why it failed; absent if it did not. */
  code?: ErrorCode;
  detail?: string;
  hint?: string;
}

/** `GET /live?since=<seq>`: asked once a second while the page is visible. Without `since`: the newest activity. */
export interface LiveAnswer {
  /** Another one after a restart of the server: counters start anew then. */
  instance: string;
  /** Of the package. A page of another version must be loaded again. */
  version: string;
  started_at: number;
  now: number;
  /** The number of changes of the manifest so far. */
  revision: number;
  /** The newest activity. */
  seq: number;
  /** Without the actors, and the images that were missed while offline, of which there may be many. */
  stats: Omit<CacheStats, 'actors' | 'offline'> & { offline?: Pick<OfflineStats, 'missed'> };
  /** After `since`, oldest first; at most the newest 200. */
  activity: Activity[];
  /** While the manifest is being read, which takes seconds if it is large: how many images it has. The numbers in `stats` are 0 then. */
  opening?: { images: number };
  /** How many activities after `since` are not in `activity`. */
  dropped: number;
  /** How many groups `GET /problems` has now. */
  problems: number;
  /** `null`: there is none now. Absent where nothing can be simulated: in a server of your own. */
  simulation?: SimulationStatus | null;
  /** `project` is sent back with each call about uploads, as `Image-Cache-Project`. */
  uploads?: { project: string; pending: number; failed: number; blocked: number };
}

/**
 * Why a download waits:
 * - `slot`: as many as may run are running.
 * - `visible_first`: an image on screen goes first.
 * - `slow_down`: S3 has asked to slow down.
 * - `busy`: while pages are served, prefetches get fewer slots.
 */
export type WaitReason = 'slot' | 'visible_first' | 'slow_down' | 'busy';

/** A download, or the question whether an image has changed. */
export interface QueueItem {
  s3_url: string;
  kind: 'download' | 'revalidation';
  urgency: Urgency;
  /** How many requests wait for it. */
  waiters: number;
  queued_at: number;
  /** While it runs. */
  started_at?: number;
  received_bytes?: number;
  /** As S3 has said; absent before that. */
  total_bytes?: number;
  /** From 1 on. */
  attempt?: number;
  /** While it waits: its place among those of its urgency, from 1 on. */
  place?: number;
  /** Why it waits. A download that runs waits when S3 has asked to slow down. */
  waits_for?: WaitReason;
  /** While S3 wants no request: until when. */
  until?: number;
}

/** `GET /queue` */
export interface QueueAnswer {
  now: number;
  /** At most 100 each; the counts are of all. */
  running: QueueItem[];
  waiting: QueueItem[];
  running_count: number;
  waiting_count: number;
  limit: {
    /** How many images on screen, and how many prefetches, may be downloaded at once. */
    visible: number;
    background: number;
    max_background: number;
    /** Its last five changes, newest first. */
    changes: { at: number; from: number; to: number; why: string }[];
  };
}

export type EntryKind = 'all' | 'pinned' | 'stale' | 'unclaimed' | 'quarantined';
export type EntryOrder = 'used' | 'stored' | 'size' | 'name';

/** `GET /entries?`: all parameters may be left out. */
export interface EntriesQuery {
  actor?: string;
  /** @default 'all' */
  kind?: EntryKind;
  /** The newest, largest, or first by name come first. @default 'used' */
  order?: EntryOrder;
  /** A part of the URL, the file name or the actor; upper and lower case are the same. */
  text?: string;
  /** From 0 on; 200 entries a page. @default 0 */
  page?: number;
  /** The `revision` of page 0, so that the rows of later pages do not jump. @default the newest */
  revision?: number;
}

/** An image as the page shows it. */
export interface InspectedEntry extends Omit<ManifestEntry, 'actor_ids' | 'meta'> {
  in_memory: boolean;
  is_stale: boolean;
  /** How many other actors use it. */
  other_actors: number;
}

/** A file that is not in the manifest: one without an entry, or one that was damaged. */
export interface InspectedFile {
  /** Relative to the project, as `local_path`. */
  path: string;
  size_bytes: number;
  modified_at: number;
}

export interface EntriesAnswer {
  revision: number;
  /** Images in the manifest. */
  total: number;
  /** Of these, or of the files, how many the query matches, and their bytes. */
  matched: number;
  matched_bytes: number;
  /** How many of them can be looked at page by page: the first 10,000 of the order. */
  reachable: number;
  page: number;
  entries: InspectedEntry[];
  /** For the kinds `unclaimed` and `quarantined`; then `entries` is empty. */
  files?: InspectedFile[];
}

/** `GET /actors?text=`: the actors with the most images, at most 200. */
export interface ActorsAnswer {
  total: number;
  actors: { actor_id: string; entries: number; size_bytes: number; pinned: boolean }[];
}

/** One place that an image may be in. `unknown`: nobody has looked (`POST /ask` asks the bucket). */
export interface ImagePlace {
  place: 'memory' | 'disk' | 'variants' | 'unclaimed' | 'quarantine' | 'server_outbox' | 'bucket';
  state: 'present' | 'absent' | 'unknown';
  detail?: string;
  size_bytes?: number;
}

/** Something that happened to an image, as far as this server or the journal knows. */
export interface StoryEvent {
  at: number;
  what: 'stored' | 'served' | 'failed' | 'removed' | 'validated' | 'pinned' | 'queued';
  /** A sentence: `Stored after 412 ms (31 ms of them in the queue).` */
  text: string;
  reason?: MissReason;
}

/** Why a request for an image has failed, and what to do. */
export interface ImageFailure extends Pick<ProblemGroup, 'code' | 'cause' | 'hint' | 'fix'> {
  at: number;
}

/** `GET /entry?url=<any URL of the object>` */
export interface EntryAnswer {
  s3_url: string;
  /** `null`: it is not in the cache; `reason` says why. */
  entry: (InspectedEntry & Pick<ManifestEntry, 'actor_ids' | 'meta'>) | null;
  reason?: MissReason;
  removed_at?: number;
  cause?: RemovalCause;
  /** Why the last request for it has failed; absent if that was answered, or if none is remembered since the start of the server. */
  failure?: ImageFailure;
  places: ImagePlace[];
  /** Oldest first, at most 100. */
  story: StoryEvent[];
  variants: { spec: string; size_bytes: number }[];
}

/** Failures with one cause. */
export interface ProblemGroup {
  code: ErrorCode;
  /** A short sentence: what is wrong. */
  cause: string;
  hint?: string;
  /** A line for the configuration that would cure it, to copy. */
  fix?: string;
  count: number;
  first_at: number;
  last_at: number;
  /** The last images that failed like this, at most 20. */
  s3_urls: string[];
}

/** `GET /problems`: the last first, at most 100 groups. */
export interface ProblemsAnswer {
  problems: ProblemGroup[];
}

/** What happened in one interval. */
export interface HistoryPoint {
  /** Start of the interval. */
  at: number;
  hits_memory: number;
  hits_disk: number;
  misses: number;
  failed: number;
  /** Bytes that were served without a download, and bytes of downloads. */
  bytes_saved: number;
  bytes_downloaded: number;
  /** Of the misses, in milliseconds; absent if there were none. */
  miss_p50_ms?: number;
  miss_p95_ms?: number;
}

/** `GET /history?span=1h|24h|30d` */
export interface HistoryAnswer {
  span: '1h' | '24h' | '30d';
  step_ms: number;
  /** Oldest first. Intervals without activity are left out. */
  points: HistoryPoint[];
  /** In 30 days: bytes that were not downloaded, and milliseconds that were not waited (hits × median miss). */
  saved_bytes: number;
  saved_ms: number;
}

/** `GET /storage` */
export interface StorageAnswer {
  dir: string;
  originals: { count: number; size_bytes: number };
  variants: { count: number; size_bytes: number };
  unclaimed: { count: number; size_bytes: number };
  quarantined: { count: number; size_bytes: number };
  free_bytes: number;
  max_bytes: number;
  memory: CacheStats['memory'];
  /** Processes that use the directory: this one, and those on this machine that have served something within the last ten minutes. */
  processes: { pid: number; is_this: boolean }[];
  /** False: thumbnails are originals, where these are small. */
  has_sharp: boolean;
}

/** `POST /refetch`: downloads the image first, and replaces the copy only by a good one. */
export interface RefetchRequest {
  /** Any URL of the object. A bucket that needs signatures needs one here, or credentials in the options. */
  s3_url: string;
}
export interface RefetchAnswer {
  status: 'unchanged' | 'replaced' | 'stored';
  entry: ManifestEntry;
}

/**
 * `GET /thumb?path=<local_path>[&size=256|1024]`: a WebP of at most that width and height; a small original as it is, also where sharp is not
 * installed. 404 if there is no small picture: show the entry's `placeholder`. Not counted, not stored, may be kept for ever.
 */
export type ThumbSize = 256 | 1024;

/** `POST /ask`: asks the bucket whether it has these objects; at most 1,000. Downloads and removes nothing. */
export interface AskRequest {
  s3_urls: string[];
}
export interface AskAnswer {
  objects: { s3_url: string; state: 'present' | 'changed' | 'absent' | 'failed'; detail?: string }[];
}

/** How far a check is. */
export interface CheckProgress {
  checked: number;
  total: number;
}

/** One line of `GET /check` with `Accept: application/x-ndjson`. A line with an error is the last one. */
export type CheckLine = CheckProgress | CheckAnswer | { error: ItemError };

/** `GET /check`: like `verify`, but mends nothing. As lines of JSON, the last line is the answer. */
export interface CheckAnswer {
  done: true;
  checked: number;
  /** At most 1,000; `problem_count` is of all. */
  problems: { kind: 'missing' | 'damaged' | 'unclaimed' | 'stray' | 'quarantined'; path: string; s3_url?: string }[];
  problem_count: number;
}

/** A code that can be simulated: none that would say that the client has left, or that this package itself is broken. */
export type SimulatedCode = Exclude<ErrorCode, 'ABORTED' | 'INTERNAL' | 'INVALID_OPTION' | 'CACHE_DIR_UNSAFE'>;

/** What is simulated: one of `hold`, `cut`, `cold`, `offline` and `fail`, or `offline` with `fail`, or only `delay_ms`, which goes with all. */
export interface SimulationEffects {
  /** Each image waits for so many milliseconds, 1 to 60,000. */
  delay_ms?: number;
  /** Images are not answered before the simulation ends. */
  hold?: boolean;
  /** Images fail with this code, also those that are cached. */
  fail?: SimulatedCode;
  /** Answers end half way. An image that is not cached fails with `UPSTREAM_TRUNCATED`. */
  cut?: boolean;
  /** An image that is cached waits as long as a miss takes here, and its answer says `MISS`. */
  cold?: boolean;
  /** An image that is cached is served. All others fail, with `fail` or else with `UPSTREAM_UNREACHABLE`. */
  offline?: boolean;
}

/** Which images are concerned. */
export interface SimulationTarget {
  /** An actor, or a part of the image's URL; upper and lower case are the same. @default all images */
  match?: string;
  /** Above 0, up to 1: this share of the images, the same ones each time. @default 1 */
  share?: number;
}

export type SimulationPresetName =
  | 'slow'
  | 'loading'
  | 'offline'
  | 'busy'
  | 'expired'
  | 'not-found'
  | 'broken'
  | 'cold';

/** A simulation with a name, for the inspector and for `PUT /simulate`. */
export interface SimulationPreset {
  name: SimulationPresetName;
  title: string;
  /** What it shows, in a sentence. */
  detail: string;
  effects: SimulationEffects;
}

/** `PUT /simulate`: replaces the simulation that is on. */
export interface SimulationRequest extends SimulationEffects, SimulationTarget {
  /** The effects of a preset, instead of single ones. */
  preset?: SimulationPresetName;
  /** When it ends, in milliseconds since the epoch; at most ten minutes from now. @default ten minutes from now */
  until?: number;
}

/** The simulation that is on. */
export interface SimulationStatus extends SimulationEffects, SimulationTarget {
  preset?: SimulationPresetName;
  started_at: number;
  until: number;
  /** In words: `images wait for 3 s`. */
  detail: string;
  /** How many requests it keeps waiting now. */
  held: number;
}

/** `GET /simulate`, and the answer to `PUT` and `DELETE`. */
export interface SimulationAnswer {
  /** `null`: there is none. */
  simulation: SimulationStatus | null;
  presets: readonly SimulationPreset[];
}

/** One question that the doctor has answered. */
export interface DoctorCheck {
  /** E.g. `bucket.credentials`; a bucket's checks have its name in `about`. */
  id: string;
  group: 'server' | 'disk' | 'images' | 'bucket' | 'image' | 'page';
  about?: string;
  title: string;
  status: 'ok' | 'warn' | 'fail' | 'skip';
  /** What was seen, in a sentence. */
  detail: string;
  /** What to do. */
  hint?: string;
  /** A line to copy: of the configuration, or a command. */
  fix?: string;
  /** The check that must succeed first. If it did not, this one is skipped, so that one cause is one failure. */
  after?: string;
  took_ms: number;
}

/** `GET /doctor[?url=]`; as `application/x-ndjson` a line `DoctorCheck` as each ends, then `{ done: true, …DoctorAnswer }`. */
export interface DoctorAnswer {
  /** No check has failed. */
  ok: boolean;
  checks: DoctorCheck[];
  /** Text to paste into an issue: versions, options without credentials, counts. No names of actors, no keys. */
  environment: string;
}
