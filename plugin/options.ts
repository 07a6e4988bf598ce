import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { IncomingMessage } from 'node:http';
import type { AUTO_FORMATS } from './formats.ts';
import type { ManifestEntry } from './protocol.ts';
import type { UploadEntity } from './uploadProtocol.ts';

/** A number of bytes, or a text such as `'50MB'` or `'2 GiB'` (`MB` is 1,000,000 bytes, `MiB` 1,048,576). */
export type Size = number | string;

/** A number of seconds, or a text such as `'90m'`, `'12h'`, `'30d'` or `'2w'`. */
export type Duration = number | string;

/** One bucket whose images may be cached. Nothing outside the listed buckets is ever fetched. */
export interface BucketOptions {
  /** The bucket's name. */
  name: string;
  /** The bucket's region. @default the SDK's own (`AWS_REGION`, the profile), or `us-east-1` with your own endpoint */
  region?: string;
  /**
   * For R2, MinIO and every other S3-compatible server, e.g. `https://s3.example.com`.
   * @default `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` of the environment, as for the AWS SDK; otherwise AWS
   */
  endpoint?: string;
  /**
   * Where the bucket's name is in URLs of an endpoint of your own: `endpoint/bucket/key` (`true`) or `bucket.endpoint/key`
   * (`false`). This holds for our own requests and for the URLs that are accepted. For AWS and services that promise both styles
   * (R2, Google Cloud Storage, Spaces, Wasabi, Backblaze B2, Scaleway), URLs of both are accepted. For any other server that
   * answers to both, list the bucket twice, once with each value.
   * @default true with an endpoint
   */
  forcePathStyle?: boolean;
  /** Only objects whose key begins with this are cached. @default '' (all) */
  prefix?: string;
  /**
   * Other host names that serve this bucket, e.g. a CloudFront distribution. A URL there without parameters, except those of a
   * signature, is the same image as in the bucket. A URL with others, such as `?w=200`, is an image of its own. @default []
   */
  cdn?: string[];
  /** Credentials to read bare (unsigned) URLs with. @default the AWS SDK's provider chain */
  credentials?: NonNullable<S3ClientConfig['credentials']>;
}

/** Limits of one download, in milliseconds. */
export interface TimeoutOptions {
  /** DNS, TCP and TLS together. @default 5_000 */
  connect?: number;
  /** From the request to the first byte of the answer. @default 15_000 */
  firstByte?: number;
  /**
   * Between two chunks of the body. If the origin sent a strong ETag, as S3 does, the rest of the body is already requested again
   * after three seconds without a chunk, a few times. @default 10_000
   */
  idle?: number;
  /** All attempts and the waits between them. @default 120_000 */
  total?: number;
}

/** A format that `format=auto` may choose if the browser accepts it. */
type AutoFormat = (typeof AUTO_FORMATS)[number];

/** Images of the right size and format. They are made with `sharp`, which you install next to this package. */
export interface ImagesOptions {
  /**
   * The widths and heights, in pixels, that variants are made in. Any other size is rounded up to the next of these, so that no
   * client can fill the disk with sizes.
   * @default [16, 32, 48, 64, 96, 128, 256, 384, 640, 750, 828, 1080, 1200, 1920, 2048, 3840]
   */
  widths?: readonly number[];
  /**
   * The formats that `format=auto` chooses from, the best first. If the browser accepts none of them, the original's format is
   * kept. @default ['avif', 'webp']
   */
  formats?: readonly AutoFormat[];
  /** The quality, from 1 to 100, of variants whose request names none. @default 75 */
  quality?: number;
  /** Whether every entry gets a thumbhash. They are made when the server is idle. @default true */
  placeholder?: boolean;
  /**
   * `'webp'`: an image is converted to WebP some time after its download, if that makes it smaller. JPEG is encoded at quality 85,
   * PNG and GIF without loss; other formats are kept as they are. `'webp-lossy'`: PNG is encoded at quality 85, too, unless it has
   * a palette; for photographs that were saved as PNG. Metadata is removed, except colour profiles. Needs `sharp`.
   * @default 'original'
   */
  store?: 'original' | 'webp' | 'webp-lossy';
}

/**
 * Uploads of pictures from pages into a bucket. The server keeps each picture on its own disk until the bucket has proved that it
 * has it. Writing needs credentials: those of the bucket, or of the AWS SDK's provider chain, with `s3:PutObject` and
 * `s3:GetObject` below `prefix`.
 */
export interface UploadsOptions {
  /** The bucket for the pictures: the name of one of `buckets`. */
  bucket: string;
  /** The beginning of their keys: `<prefix>/<2 hex digits>/<32 hex digits>.jpg`. `''` for no prefix. @default 'uploads' */
  prefix?: string;
  /**
   * The most bytes of a file; larger ones are refused. It must not be more than `maxImageSize`, because such a picture could not be
   * read again. @default '50MB', or `maxImageSize` if that is less
   */
  maxFileSize?: Size;
  /**
   * The most bytes on disk that are not in the bucket yet. If there are more, an upload answers 507 `OUTBOX_FULL`.
   * @default '1GB'
   */
  maxOutboxSize?: Size;
  /** How long an upload waits for the bucket before it is answered with 202, in seconds. @default 10 */
  wait?: Duration;
  /**
   * The name of the app. Pages send it with each upload, so that the server of another project refuses the upload.
   * @default the `name` of the nearest package.json; in Vite's dev server followed by a digest of the root, because all projects
   * share `localhost:5173`
   */
  project?: string;
  /**
   * The directory for pictures that are not in the bucket yet, relative to Vite's root (or the working directory). It must outlive
   * the process. It is not a cache: if you remove it, uploads are lost that no browser has any more. @default '.image-outbox'
   */
  outboxDir?: string;
  /**
   * `'bucket'`: the server deletes pictures that nothing uses any more. An empty object in the bucket, below `<prefix>/refs/`, says that an
   * entity uses a picture; so several servers can share one bucket. All of them have to have this option. Writing then also needs
   * `s3:ListBucket` and `s3:DeleteObject`. @default undefined (nothing is deleted, unless there is `isReferenced`)
   */
  references?: 'bucket';
  /**
   * Instead of `references`: whether the app uses a picture anywhere. It is asked when an entity has a picture no more, and again before the
   * picture is deleted, after the grace period. Anything but `false` keeps it, also an error that it throws, and no answer within 30 seconds.
   * @example isReferenced: async (imageId) => (await db.pictures.count({ imageId })) > 0
   */
  isReferenced?: (imageId: string) => boolean | Promise<boolean>;
  /**
   * How long a picture that nothing uses stays in the bucket, in seconds; `0` for not at all. With `isReferenced` it has to be at least an
   * hour, because an app may hear of its new picture a while after the bucket has it. @default '7d'
   */
  gracePeriod?: Duration;
  /**
   * Whether a picture that somebody has removed from the bucket is put back, when the cache has its bytes and something still uses it. Without
   * `references` and `isReferenced` it is not known what is used, and every such picture is put back. It is reported in the log in any case.
   * @default false
   */
  restoreMissing?: boolean;
}

/** What the service worker keeps that `vite build` writes. All of it stands in a file that everybody can read. */
export interface ServiceWorkerOptions {
  /**
   * The path of the API of our server, or its URL if it is elsewhere; `false` without one. @default `base` of the plugin, below that of Vite
   */
  base?: string | false;
  /**
   * Names of `buckets` whose own URLs are kept, too. Their names, endpoints, prefixes and CDNs are written into the worker, and never their
   * credentials. @default all of `buckets`
   */
  buckets?: readonly string[];
  /** How much a browser keeps. The pictures that were not shown for longest go first. @default '200MB' */
  maxSize?: Size;
  /**
   * How long a picture from a bucket is shown without asking for it again. An older one is fetched again, and shown when that fails.
   * What was not shown for so long is removed. @default '30d'
   */
  maxAge?: Duration;
}

/** The options of `imageCache()` and `createImageCache()`. */
export interface ImageCacheOptions {
  /** The buckets whose images may be cached. A bare name is short for `{ name }`. Required: there is no "all buckets". */
  buckets: readonly (string | BucketOptions)[];
  /** The path of the API, under Vite's own `base`. @default '/api/cache' */
  base?: string;
  /**
   * The full URL of the API at a CDN, or at another proxy that keeps images, for the pages of Vite's dev server: images that never change come
   * from there. This is for trying it out; a build is told by `configureImageCache({ base, imageBase })`, and a server of your own ignores it.
   * @default undefined (all images come from `base`)
   */
  imageBase?: string;
  /** The directory of the cache, relative to Vite's root (or the working directory). @default '.image-cache' */
  cacheDir?: string;
  /**
   * Other cache directories, e.g. a team's or another app's, relative to the same directory as `cacheDir`. An image that is in one
   * of them is copied from there instead of being downloaded from S3. They are only read. @default []
   */
  fallbackDirs?: readonly string[];
  /** Bytes on disk. When there are more, the least recently used images are evicted. @default '2GB' */
  maxSize?: Size;
  /** Images in the cache. When there are more, the least recently used are evicted. @default 1_000_000 */
  maxEntries?: number;
  /** Images that were not used for this long are evicted. @default undefined (never) */
  maxAge?: Duration;
  /**
   * Bytes to leave free on the disk. When less is free, images that were not used for a day are evicted; if that is not enough,
   * new images answer 507 `CACHE_DISK_FULL`. 0 to fill the disk. @default '500MB', or a twentieth of a disk smaller than 10 GB
   */
  minFreeSpace?: Size;
  /**
   * The most bytes that one actor's images may have, by actor id. When there are more, that actor's least recently used images are
   * evicted. A function is called for each actor and returns `undefined` for no quota. Images that other actors use as well are
   * counted, but not evicted. @default {}
   *
   * @example
   * ```ts
   * quotas: (actorId) => (actorId.startsWith('guest-') ? '20MB' : undefined)
   * ```
   */
  quotas?: Readonly<Record<string, Size>> | ((actorId: string) => Size | undefined);
  /**
   * How long a cached image is fresh. A stale one is still served at once, and S3 is asked in the background whether it has changed
   * (a conditional GET). `false`: until it is revalidated by `POST /prefetch` with `revalidate`, or invalidated. @default false
   */
  revalidate?: Duration | false;
  /** The most bytes of one image, also after its `Content-Encoding` was decoded. Larger ones are refused. @default '50MB' */
  maxImageSize?: Size;
  /**
   * The memory tier, or `false` for none. With `preload`, images are read into its free room when the server is idle: those that
   * were used before the last restart, and the neighbours of those being viewed. @default { maxSize: '256MB', preload: true }
   */
  memory?: { maxSize?: Size; preload?: boolean } | false;
  /**
   * Images of other sizes and formats.
   * @default { widths: (the usual ones), formats: ['avif', 'webp'], quality: 75, placeholder: true, store: 'original' }
   */
  images?: ImagesOptions;
  /**
   * Downloads at a time from one server, and as many again for images on screen. From all servers together there are at most twice
   * as many, so that a server that does not answer does not hold up the others. `'auto'` begins with 16, goes up to 64 as long as
   * that makes prefetches faster, and goes down when the origin asks to slow down. @default 'auto'
   */
  concurrency?: number | 'auto';
  /** Limits of one download, in milliseconds. @default { connect: 5_000, firstByte: 15_000, idle: 10_000, total: 120_000 } */
  timeouts?: TimeoutOptions;
  /** `'full'` survives a power cut (fsync); `'process'` survives `kill -9` of this process only. @default 'full' */
  durability?: 'full' | 'process';
  /**
   * Names the object behind a URL that this package does not understand, e.g. a URL of an image proxy. Return the object's
   * canonical URL in a listed bucket (`s3://bucket/key` will do), or `undefined` to leave the URL as it is.
   */
  resolveKey?: (url: string) => string | undefined;
  /**
   * Host names that may resolve to addresses of a private network: a host of `cdn`, or one of AWS such as
   * `photos.s3.eu-central-1.amazonaws.com`. You need this behind a VPN client with fake-IP DNS, behind a NAT64 of your own, or with
   * an interface endpoint. An entry does not include subdomains. Other hosts with such an address are refused with
   * `HOST_NOT_ALLOWED`; a configured `endpoint` needs no entry. @default []
   */
  allowPrivateAddresses?: readonly string[];
  /**
   * Other origins whose pages may use the API, written as browsers send them: `https://admin.example.com`,
   * `capacitor://localhost`, `tauri://localhost`, `chrome-extension://<id>`. In dev also the origin of a backend whose pages load
   * their modules from Vite, e.g. `http://localhost:3000`. `*` and `null` are refused. @default [] (same origin only)
   */
  allowedOrigins?: readonly string[];
  /** Host names that the API answers to, besides loopback and those in Vite's own `allowedHosts`. @default [] */
  allowedHosts?: readonly string[];
  /**
   * Decides which requests may manage the cache: `GET /manifest` and `/stats`, `POST /clear/:actorId`, `/clear-all`, `/pin` and
   * `/verify`, and in a server of your own also `/invalidate`. It is called after the guard has refused pages of other sites.
   * Without it, a server of your own refuses all of these requests. In Vite, requests from this machine to `localhost` are always
   * allowed, and the hook can allow more. Only `true` allows a request: any other result answers 403 `MANAGEMENT_CLOSED`, and an
   * error that it throws answers 500. Decide by something that a client cannot make up, such as a session or
   * `request.socket.remoteAddress` (behind a proxy, this is the address of the proxy).
   * @default no request is allowed (in Vite: requests from this machine)
   * @example manage: async (request) => (await sessionOf(request)).isAdmin
   */
  manage?: (request: IncomingMessage) => boolean | Promise<boolean>;
  /**
   * Lets pages upload pictures. In a server of your own, `authorizeUpload` is needed, too. @default undefined (no uploads)
   * @example uploads: { bucket: 'team-photos' }
   */
  uploads?: UploadsOptions;
  /**
   * Lets `vite build` write `image-cache-sw.js`: a service worker that keeps pictures for pages without a network. Register it with
   * `registerImageWorker()`, or import it into the worker that you have (`workbox.importScripts`). `false` takes it back where it was on: the file then
   * removes what was kept, and unregisters itself. A server of your own ignores this option. @default undefined (no file)
   * @example serviceWorker: { maxSize: '500MB' }
   */
  serviceWorker?: ServiceWorkerOptions | false;
  /**
   * Serves only what is in the cache, e.g. in tests: S3 is never asked, no name is looked up, and no credentials are. An image that is not there
   * answers 504 `OFFLINE_MISS`, and is listed in `missed.txt` of the cache directory. Nothing is removed: clearing, invalidating and whatever needs
   * room that is not there are refused with 409 `OFFLINE`, and uploads wait. The environment variable `IMAGE_CACHE_OFFLINE` (`1` or `0`) goes
   * before this option. @default false
   */
  offline?: boolean;
  /**
   * Whether `GET /metrics` answers, with counters in the text format of Prometheus. They name buckets, but no image and no actor. In a server
   * of your own, everyone who can reach the router can read them. @default true in Vite, false in a server of your own
   */
  metrics?: boolean;
  /**
   * Whether pages of Vite's dev server show on each picture where it came from (memory, disk, S3, the browser, past the cache). Adds one
   * script to them. Alt+Shift+I switches the marks off and on. A server of your own ignores it. @default false
   */
  overlay?: boolean;
  /** Whether SVG images are accepted. They can contain scripts, so they are served as a sandboxed attachment. @default false */
  allowSvg?: boolean;
  /** The most bytes of a request body. @default '4MB' */
  bodyLimit?: Size;
  /** What is logged. `'debug'` logs every hit and miss. @default 'info' */
  logLevel?: 'silent' | 'warn' | 'info' | 'debug';
}

/** Options that only make sense in a server of your own. */
export interface ExpressImageCacheOptions extends ImageCacheOptions {
  /**
   * Decides which requests may see an image. It is called before an image is downloaded, and before an answer contains the image or
   * information about it; `false` answers 403 `NOT_AUTHORIZED`. The cache is shared: without this hook, everyone who can reach the
   * router can read every image in the cache, and every object of the listed buckets. With it, images are sent with
   * `Cache-Control: private, no-cache`, so that it is called each time, even for an image that a browser already has.
   *
   * Decide by `image.bucket` and `image.key`: they name the object, however its URL was spelled. `actor_id` and `filename` can be
   * made up by a client. If a proxy or CDN may read a key in more than one way (`x/../private/a.jpg`), the hook is called for each
   * of them, and must allow all. An image of a bucket that is no longer listed is refused without a call.
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
   * nginx in front of this server may send the files of cached images by itself (`X-Accel-Redirect`), while this server only says which one,
   * after `authorize`. It takes the configuration that docs/cdn.md has. @default undefined (this server sends everything)
   * @example nginx: { location: '/_image-cache/', secret: process.env.IMAGE_CACHE_NGINX_SECRET }
   */
  nginx?: NginxOptions;
  /**
   * Gets the log instead of the console, one line of text for each record, without secrets. A logger of pino or winston fits; `logLevel` still
   * says what is logged, and only `'debug'` calls `debug` (or `info`, if there is none). What it throws is ignored.
   * @default console
   * @example logger: pino().child({ module: 'images' })
   */
  logger?: ImageCacheLogger;
  /**
   * Decides who owns an upload. It is called for each request about uploads, and required if `uploads` is set. Return the id of the
   * owner, who can see, retry, cancel and remove only their own uploads. `false` answers 403 `NOT_AUTHORIZED`, and an error that it throws
   * answers 500. `authorize` decides who may see the picture afterwards.
   * @example
   * ```ts
   * authorizeUpload: async (request) => (await sessionOf(request))?.userId ?? false
   * ```
   */
  authorizeUpload?: (request: IncomingMessage, upload: AuthorizedUpload) => string | false | Promise<string | false>;
}

/** How nginx sends the files of the cache. */
export interface NginxOptions {
  /** The `internal` location whose `alias` is the cache directory, e.g. `/_image-cache/`. */
  location: string;
  /**
   * At least 16 characters that nginx adds to each request as the header `Image-Cache-Nginx`. It proves that nginx is in front: a request without
   * it is answered with the bytes, as ever.
   */
  secret: string;
}

/** Where a server of your own writes the log of the image cache. */
export interface ImageCacheLogger {
  debug?(message: string): void;
  info(message: string): void;
  warn(message: string): void;
}

/** What `authorizeUpload` gets: the action of the request, and what the client says about the picture. */
export interface AuthorizedUpload {
  action: 'upload' | 'add' | 'check' | 'list' | 'retry' | 'cancel' | 'remove';
  /** Absent for `check`, `list` and `remove`. */
  job_id?: string;
  /** What the picture belongs to, or did, according to the client. Only for `upload`, `add` and `remove`; `/uploads/find` is a part of `remove`. */
  entity?: UploadEntity;
  /** The picture that is to belong to one more entity, without its bytes: `<image_id>.<ext>`. Only for `add`. */
  image_name?: string;
  /** Bytes of the upload, if its length was announced. */
  size_bytes?: number;
  /** The type according to the client. The server stores the type that the bytes have. */
  content_type?: string;
  filename?: string;
}

/**
 * What `authorize` learns about an image: where its object is, and its entry. Of an image that is not cached, only what its URL
 * says.
 */
export interface AuthorizedImage
  extends
    Pick<ManifestEntry, 's3_url' | 'filename' | 'actor_id'>,
    Partial<Omit<ManifestEntry, 's3_url' | 'filename' | 'actor_id'>> {
  /** The bucket's name in the option `buckets`. Two buckets with the same name at different endpoints differ in `s3_url`. */
  bucket: string;
  /** The key of the object in the bucket, decoded: `private/a b.jpg`. */
  key: string;
  /** The version that was requested, e.g. `'null'`; `undefined` for the newest. */
  versionId: string | undefined;
}

export interface ResolvedBucket {
  name: string;
  region: string | undefined;
  endpoint: URL | undefined;
  /** The environment variable that the endpoint came from; `undefined` if it is from the option, and for AWS. */
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
  /** Who says what uses a picture; `undefined`: nothing is deleted. */
  references: 'bucket' | ((imageId: string) => boolean | Promise<boolean>) | undefined;
  /** Milliseconds. */
  gracePeriod: number;
  restoreMissing: boolean;
}

/** What everybody may know of a bucket. */
export interface PublicBucket extends Pick<BucketOptions, 'name' | 'endpoint' | 'forcePathStyle' | 'prefix'> {
  cdn?: readonly string[];
}

/** What the worker is told, but for the path that Vite puts before `base`. */
export interface ResolvedServiceWorker {
  /** `undefined`: that of the plugin. */
  base: string | false | undefined;
  buckets: readonly PublicBucket[];
  maxSize: Size | undefined;
  maxAge: Duration | undefined;
}

export interface ResolvedOptions {
  buckets: readonly ResolvedBucket[];
  base: string;
  /** Without a slash at its end. */
  imageBase: string | undefined;
  cacheDir: string;
  fallbackDirs: readonly string[];
  maxSize: number;
  maxEntries: number;
  /** Milliseconds; `undefined` for never. */
  maxAge: number | undefined;
  /** Milliseconds; `undefined` for never. */
  revalidate: number | undefined;
  /** Bytes; `undefined` for a default that depends on the disk. */
  minFreeSpace: number | undefined;
  /** Bytes of one actor's images; `undefined` for an actor without a quota. */
  quotaOf: ((actorId: string) => number | undefined) | undefined;
  maxImageSize: number;
  /** Bytes; 0 for none. */
  memoryMaxSize: number;
  memoryPreload: boolean;
  images: ResolvedImages;
  concurrency: number;
  /** How far the number of background downloads may grow, while that makes them faster. */
  maxConcurrency: number;
  timeouts: Required<TimeoutOptions>;
  durability: 'full' | 'process';
  offline: boolean;
  resolveKey: ((url: string) => string | undefined) | undefined;
  /** Lower case. */
  allowPrivateAddresses: readonly string[];
  allowedOrigins: readonly string[];
  allowedHosts: readonly string[];
  manage: ImageCacheOptions['manage'];
  /** `undefined`: there are none. */
  uploads: ResolvedUploads | undefined;
  /** `undefined`: a build writes none; `false`: one that removes itself. */
  serviceWorker: ResolvedServiceWorker | false | undefined;
  /** `undefined`: as is usual there. */
  metrics: boolean | undefined;
  overlay: boolean;
  allowSvg: boolean;
  bodyLimit: number;
  logLevel: 'silent' | 'warn' | 'info' | 'debug';
}
