import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { IncomingMessage } from 'node:http';
import type { AUTO_FORMATS } from './formats.ts';
import type { ManifestEntry } from './protocol.ts';

/** A number of bytes, or a text such as `'50MB'` or `'2 GiB'` (`MB` is 1,000,000 bytes, `MiB` 1,048,576). */
export type Size = number | string;

/** A number of seconds, or a text such as `'90m'`, `'12h'`, `'30d'` or `'2w'`. */
export type Duration = number | string;

/** One bucket whose images may be cached. Nothing outside the listed buckets is ever fetched. */
export interface BucketOptions {
  /** The bucket's name. */
  name: string;
  /** @default the SDK's own (`AWS_REGION`, the profile), or `us-east-1` with an endpoint of your own */
  region?: string;
  /**
   * For R2, MinIO and every other S3-compatible server, e.g. `https://s3.example.com`.
   * @default `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` of the environment, as for the AWS SDK; otherwise AWS
   */
  endpoint?: string;
  /**
   * Where the bucket's name stands at an endpoint of your own: `endpoint/bucket/key` (`true`) or `bucket.endpoint/key` (`false`), in
   * our own requests and in the URLs that are taken for the bucket's. AWS and services that promise both (R2, Google Cloud
   * Storage, Spaces, Wasabi, Backblaze B2, Scaleway) have URLs in either. A bucket may be listed twice, once with each.
   * @default true with an endpoint
   */
  forcePathStyle?: boolean;
  /** Only objects whose key begins with this are cached. @default '' (all) */
  prefix?: string;
  /**
   * Other host names that serve this bucket, e.g. a CloudFront distribution. Without parameters (but a signature) they have the
   * same images as the bucket; with others, such as `?w=200`, an image of its own. @default []
   */
  cdn?: string[];
  /** How bare (unsigned) URLs are read. @default the AWS SDK's provider chain */
  credentials?: NonNullable<S3ClientConfig['credentials']>;
}

/** Limits of one download, in milliseconds. */
export interface TimeoutOptions {
  /** DNS, TCP and TLS together. @default 5_000 */
  connect?: number;
  /** From the request to the first byte of the answer. @default 15_000 */
  firstByte?: number;
  /**
   * Between two chunks of the body. Where the origin has named the object by a strong ETag, as S3 does, the rest of it is asked for anew
   * after three seconds, a few times. @default 10_000
   */
  idle?: number;
  /** All attempts and the waits between them. @default 120_000 */
  total?: number;
}

/** A format that `format=auto` may choose when a browser takes it. */
type AutoFormat = (typeof AUTO_FORMATS)[number];

/** Images of the right size and format, made with `sharp`, which is installed next to this package. */
export interface ImagesOptions {
  /**
   * The widths and heights, in pixels, that variants are made in; one in between gets the next larger. So nobody can
   * fill the disk with sizes. @default [16, 32, 48, 64, 96, 128, 256, 384, 640, 750, 828, 1080, 1200, 1920, 2048, 3840]
   */
  widths?: readonly number[];
  /** What `format=auto` chooses from, the best first; else the original's format. @default ['avif', 'webp'] */
  formats?: readonly AutoFormat[];
  /** From 1 to 100, where a request names none. @default 75 */
  quality?: number;
  /** Whether every entry gets a thumbhash, made when there is nothing else to do. @default true */
  placeholder?: boolean;
  /**
   * `'webp'`: images are stored as WebP where that makes them smaller, some time after they came; needs `sharp`. JPEG at
   * quality 85, PNG and GIF without loss, all others as they came. `'webp-lossy'`: PNG at quality 85, too, unless it has a
   * palette; for photographs that were saved as PNG. Metadata goes, colour profiles stay. @default 'original'
   */
  store?: 'original' | 'webp' | 'webp-lossy';
}

/**
 * Pictures that pages upload into a bucket. The server keeps them on its own disk until the bucket has proved that it has them. Writing
 * needs credentials: those of the bucket, or of the AWS SDK's provider chain, with `s3:PutObject` and `s3:GetObject` below `prefix`.
 */
export interface UploadsOptions {
  /** Where the pictures go: the name of one of `buckets`. */
  bucket: string;
  /** What their keys begin with: `<prefix>/<2 hex digits>/<32 hex digits>.jpg`. `''` for nothing. @default 'uploads' */
  prefix?: string;
  /** Larger files are refused. At most `maxImageSize`, or they could not be read again. @default '50MB', or `maxImageSize` if that is less */
  maxFileSize?: Size;
  /** Bytes on disk that are not in the bucket yet; beyond that an upload answers 507 `OUTBOX_FULL`. @default '1GB' */
  maxOutboxSize?: Size;
  /** How long an upload waits for the bucket before it is answered with 202, in seconds. @default 10 */
  wait?: Duration;
  /**
   * Which app this is. A page sends it along, and a server of another project refuses the upload instead of taking it.
   * @default the `name` of the nearest package.json; in Vite's dev server followed by a digest of the root, because all projects share
   * `localhost:5173`
   */
  project?: string;
  /**
   * Where the pictures are kept until then, relative to Vite's root (or the working directory). It must outlive the process, and is not
   * a cache: removing it loses uploads that no browser has any more. @default '.image-outbox'
   */
  outboxDir?: string;
}

/** The options of `imageCache()` and `createImageCache()`. */
export interface ImageCacheOptions {
  /** The allow-list. A bare name is short for `{ name }`. Required: there is no "all". */
  buckets: readonly (string | BucketOptions)[];
  /** Where the API is mounted, under Vite's own `base`. @default '/api/cache' */
  base?: string;
  /** Where images are kept, relative to Vite's root (or the working directory). @default '.image-cache' */
  cacheDir?: string;
  /**
   * Other cache directories, relative to the same: a team's shared one, another app's. An image that is not in ours is
   * copied from there before S3 is asked. They are only read. @default []
   */
  fallbackDirs?: readonly string[];
  /** Bytes on disk; the least recently used images go first. @default '2GB' */
  maxSize?: Size;
  /** @default 1_000_000 */
  maxEntries?: number;
  /** Images that nobody used for so long are dropped. @default undefined (never) */
  maxAge?: Duration;
  /**
   * Left free on the disk: below it new images answer 507 `CACHE_DISK_FULL`, once those that nobody used for a day have
   * made room. 0 to fill the disk. @default '500MB', or a twentieth of a disk smaller than 10 GB
   */
  minFreeSpace?: Size;
  /**
   * Bytes of one actor's images, by actor id; the actor's own least recently used images go first. As a function it is
   * asked for each actor; `undefined` is no quota. Images that other actors use as well count, and stay. @default {}
   *
   * @example
   * ```ts
   * quotas: (actorId) => (actorId.startsWith('guest-') ? '20MB' : undefined)
   * ```
   */
  quotas?: Readonly<Record<string, Size>> | ((actorId: string) => Size | undefined);
  /**
   * How long a cached image is believed to be the current one. An older one is still answered at once, and S3 is asked in the
   * background whether it has changed (a conditional GET). `false`: until somebody asks by `POST /prefetch` with
   * `revalidate`, or invalidates it. @default false
   */
  revalidate?: Duration | false;
  /** Larger objects are refused, and what a `Content-Encoding` makes larger when it is decoded. @default '50MB' */
  maxImageSize?: Size;
  /**
   * The memory tier, or `false` for none. With `preload`, idle time is used to read into free room of it what was used before
   * the last restart, and what comes next to what is being looked at. @default { maxSize: '256MB', preload: true }
   */
  memory?: { maxSize?: Size; preload?: boolean } | false;
  /** Images of other sizes and formats. @default { widths: (the usual ones), formats: ['avif', 'webp'], quality: 75, placeholder: true, store: 'original' } */
  images?: ImagesOptions;
  /**
   * Downloads at a time from one server, besides as many for images on screen; from all servers together, at most twice as many, so that
   * one which does not answer holds up no other. `'auto'` begins with 16, goes up to 64 as long as that makes
   * prefetches faster, and down when the origin asks to slow down. @default 'auto'
   */
  concurrency?: number | 'auto';
  /** @default { connect: 5_000, firstByte: 15_000, idle: 10_000, total: 120_000 } */
  timeouts?: TimeoutOptions;
  /** `'full'` survives a power cut (fsync); `'process'` survives `kill -9` of this process only. @default 'full' */
  durability?: 'full' | 'process';
  /**
   * Names the object behind a URL that this package does not understand, e.g. one of an image proxy: return its
   * canonical URL in a listed bucket (`s3://bucket/key` will do), or `undefined` to leave the URL as it is.
   */
  resolveKey?: (url: string) => string | undefined;
  /**
   * Host names that may resolve to addresses of a private network: a host of `cdn`, or one of AWS such as
   * `photos.s3.eu-central-1.amazonaws.com`, behind the fake-IP DNS of a VPN client, behind a NAT64 of your own, or with an interface
   * endpoint. Compared whole, without subdomains. All others are refused with `HOST_NOT_ALLOWED`; a configured `endpoint` needs no
   * entry. @default []
   */
  allowPrivateAddresses?: readonly string[];
  /**
   * Other origins whose pages may use the API, as their browsers send them: `https://admin.example.com`, `capacitor://localhost`,
   * `tauri://localhost`, `chrome-extension://<id>`. In dev also that of a backend whose pages load their modules from Vite, e.g.
   * `http://localhost:3000`. Neither `*` nor `null`. @default [] (same origin only)
   */
  allowedOrigins?: readonly string[];
  /** Host names the API answers to, besides loopback and the ones Vite was told of. @default [] */
  allowedHosts?: readonly string[];
  /**
   * Which requests may manage the cache: `GET /manifest` and `/stats`, `POST /clear/:actorId`, `/clear-all`, `/pin` and
   * `/verify`, and in a server of your own also `/invalidate`. Asked after the guard has refused other sites' pages. Without it
   * none may in a server of your own, and in Vite only this machine may, asking `localhost`; there the hook lets others in besides.
   * Only `true` lets in, everything else answers 403 `MANAGEMENT_CLOSED`, and what it throws 500. Decide by what a client
   * cannot make up, such as a session or `request.socket.remoteAddress`, which behind a proxy is that of the proxy.
   * @default nobody is let in
   * @example manage: async (request) => (await sessionOf(request)).isAdmin
   */
  manage?: (request: IncomingMessage) => boolean | Promise<boolean>;
  /**
   * Lets pages upload pictures. In a server of your own, `authorizeUpload` is needed, too. @default undefined (no uploads)
   * @example uploads: { bucket: 'team-photos' }
   */
  uploads?: UploadsOptions;
  /** SVG can carry scripts; when allowed it is served as a sandboxed attachment. @default false */
  allowSvg?: boolean;
  /** The longest request body. @default '4MB' */
  bodyLimit?: Size;
  /** `'debug'` logs every hit and miss. @default 'info' */
  logLevel?: 'silent' | 'warn' | 'info' | 'debug';
}

/** Options that only make sense in a server of your own. */
export interface ExpressImageCacheOptions extends ImageCacheOptions {
  /**
   * Asked before an image is downloaded, and before it, or what is known of it, is handed out; `false` answers 403 `NOT_AUTHORIZED`.
   * The cache is shared: without this hook whoever may reach the router may read every image in it, and every object of the
   * listed buckets. Images are then sent with `Cache-Control: private, no-cache`, so that it is asked each time, also about what a
   * browser has.
   *
   * Decide by `image.bucket` and `image.key`: they name the object, however its URL was spelled. `actor_id` and `filename` are what
   * some client said they are. Where a proxy or CDN may read a key in more ways than one (`x/../private/a.jpg`), it is asked about
   * each of them, and all must be allowed. An image of a bucket that is no longer listed is refused without asking.
   * @example
   * ```ts
   * authorize: async (request, { bucket, key }) => {
   *   const user = await sessionOf(request);
   *   return bucket === 'team-photos' && key.startsWith(`${user.team}/`);
   * }
   * ```
   */
  authorize?: (request: IncomingMessage, image: AuthorizedImage) => boolean | Promise<boolean>;
  /**
   * Whose an upload is. Asked for every call about uploads; required once `uploads` is set. What it returns is the owner, who can see,
   * retry and cancel their own uploads and no others; `false` answers 403 `NOT_AUTHORIZED`, and what it throws 500. Whether a client may
   * see a picture afterwards is decided by `authorize`.
   * @example
   * ```ts
   * authorizeUpload: async (request) => (await sessionOf(request))?.userId ?? false
   * ```
   */
  authorizeUpload?: (request: IncomingMessage, upload: AuthorizedUpload) => string | false | Promise<string | false>;
}

/** What `authorizeUpload` is told: what the caller wants to do, and what the caller says of the picture. */
export interface AuthorizedUpload {
  action: 'upload' | 'check' | 'list' | 'retry' | 'cancel';
  /** Absent for `check` and `list`. */
  job_id?: string;
  /** Of an upload whose length was announced. */
  size_bytes?: number;
  /** As the client says; what the server stores is found by looking at the bytes. */
  content_type?: string;
  filename?: string;
}

/** What `authorize` is told of an image: where it is, and its entry, or of one that is not cached, what its URL says. */
export interface AuthorizedImage
  extends
    Pick<ManifestEntry, 's3_url' | 'filename' | 'actor_id'>,
    Partial<Omit<ManifestEntry, 's3_url' | 'filename' | 'actor_id'>> {
  /** The name of the bucket, as the option `buckets` lists it. `s3_url` tells buckets of one name at two endpoints apart. */
  bucket: string;
  /** The key of the object in the bucket, decoded: `private/a b.jpg`. */
  key: string;
  /** The version that was asked for, e.g. `'null'`; `undefined` for the newest. */
  versionId: string | undefined;
}

export interface ResolvedBucket {
  name: string;
  region: string | undefined;
  endpoint: URL | undefined;
  /** The environment variable that names the endpoint; `undefined` for the option, and for AWS. */
  endpointFrom: string | undefined;
  forcePathStyle: boolean;
  prefix: string;
  /** Lower case. */
  cdn: readonly string[];
  credentials: BucketOptions['credentials'];
}

export interface ResolvedImages {
  /** Ascending. */
  widths: readonly number[];
  formats: readonly AutoFormat[];
  quality: number;
  placeholder: boolean;
  store: 'original' | 'webp' | 'webp-lossy';
}

interface ResolvedUploads {
  bucket: string;
  /** Without slashes at its ends; may be empty. */
  prefix: string;
  maxFileSize: number;
  maxOutboxSize: number;
  /** Milliseconds. */
  wait: number;
  /** `undefined` for one that follows from the root. */
  project: string | undefined;
  outboxDir: string;
}

export interface ResolvedOptions {
  buckets: readonly ResolvedBucket[];
  base: string;
  cacheDir: string;
  fallbackDirs: readonly string[];
  maxSize: number;
  maxEntries: number;
  /** Milliseconds; `undefined` for never. */
  maxAge: number | undefined;
  /** Milliseconds; `undefined` for never. */
  revalidate: number | undefined;
  /** Bytes; `undefined` for what suits the disk. */
  minFreeSpace: number | undefined;
  /** Bytes of one actor's images; `undefined` for an actor without a quota. */
  quotaOf: ((actorId: string) => number | undefined) | undefined;
  maxImageSize: number;
  /** Bytes; 0 for none. */
  memoryMaxSize: number;
  memoryPreload: boolean;
  images: ResolvedImages;
  concurrency: number;
  /** Up to which background downloads become more while that makes them faster. */
  maxConcurrency: number;
  timeouts: Required<TimeoutOptions>;
  durability: 'full' | 'process';
  resolveKey: ((url: string) => string | undefined) | undefined;
  /** Lower case. */
  allowPrivateAddresses: readonly string[];
  allowedOrigins: readonly string[];
  allowedHosts: readonly string[];
  manage: ImageCacheOptions['manage'];
  /** `undefined`: there are none. */
  uploads: ResolvedUploads | undefined;
  allowSvg: boolean;
  bodyLimit: number;
  logLevel: 'silent' | 'warn' | 'info' | 'debug';
}
