import type { ImageCache } from './cache/index.ts';
import { createApi } from './createApi.ts';
import { ImageCacheError } from './errors.ts';
import { productionAccess } from './http/accessPolicy.ts';
import type { Middleware } from './http/middleware.ts';
import { createLogger } from './logger.ts';
import type { ExpressImageCacheOptions } from './options.ts';
import { resolveOptions } from './resolveOptions.ts';
import { checkAtStart } from './startError.ts';

export { ImageCacheError } from './errors.ts';
export type { ImageTiming, Step } from './timeline.ts';
export type {
  AuthorizedImage,
  AuthorizedUpload,
  BucketOptions,
  Duration,
  ExpressImageCacheOptions,
  ImageCacheOptions,
  ImagesOptions,
  Size,
  TimeoutOptions,
  UploadsOptions,
} from './options.ts';
export type * from './protocol.ts';
export type * from './uploadProtocol.ts';

/** An image cache in a server of your own. */
export interface ImageCacheServer {
  /** The API as a middleware for Express, connect, or a plain `node:http` server. It answers every request that it gets. */
  router: Middleware;
  /** The cache behind the router, for your own code: `prefetch`, `invalidate`, `clear`, `stats`, `onEvent`. */
  cache: ImageCache;
  /**
   * Ends downloads, and uploads, which continue after the next start. Brings `manifest.json` up to date and closes files and sockets.
   */
  close(): Promise<void>;
}

/**
 * The image cache for a production server: the same engine as in Vite, without Vite.
 *
 * @example
 * ```ts
 * const images = createImageCache({ buckets: ['team-photos'], allowedHosts: ['app.example.com'] });
 * app.use('/api/cache', images.router);
 * ```
 * @throws ImageCacheError INVALID_OPTION, naming the option, what was expected and what came
 */
export function createImageCache(options: ExpressImageCacheOptions): ImageCacheServer {
  const { authorize, authorizeUpload, ...rest } = options ?? {}; // forgotten options are reported by `resolveOptions`
  const resolved = checkAtStart(() => {
    const checked = resolveOptions(options && rest);
    if (checked.uploads !== undefined && typeof authorizeUpload !== 'function') throw authorizeUploadMissing();
    return checked;
  });
  const logger = createLogger(resolved.logLevel, console);
  const { cache, handler, close } = createApi(resolved, {
    root: process.cwd(),
    pages: 'build',
    logger,
    authorize,
    authorizeUpload,
    access: productionAccess(resolved.allowedOrigins),
    allowedHosts: resolved.allowedHosts,
  });
  return { router: handler, cache, close };
}

/** The error for uploads without owners: the public may reach the router of a server of your own, and could fill the bucket. */
function authorizeUploadMissing(): ImageCacheError {
  return new ImageCacheError(
    'INVALID_OPTION',
    'imageCache: option `authorizeUpload` must be a function of the request if `uploads` is set.',
    { hint: 'Return the owner of the upload, e.g. the user id of the session, or false to refuse it.' },
  );
}
