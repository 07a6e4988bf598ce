import { OFFLINE_START } from './protocol.ts';
import type { ImageCache } from './cache/index.ts';
import { createApi } from './createApi.ts';
import { ImageCacheError } from './errors.ts';
import { checkNginx } from './checks/nginxOption.ts';
import { AccelRedirect } from './http/accelRedirect.ts';
import { inspectorAccess, productionAccess } from './http/accessPolicy.ts';
import { authorizeInspector } from './http/inspector/authorizeInspector.ts';
import type { InspectorOptions } from './http/inspector/inspectorOptions.ts';
import { createInspector } from './http/inspector/inspector.ts';
import { createInspectorPage } from './http/inspector/page.ts';
import type { Middleware } from './http/middleware.ts';
import { createLogger } from './logger.ts';
import type { ExpressImageCacheOptions, ImageCacheLogger } from './options.ts';
import { resolveOptions } from './resolveOptions.ts';
import { checkAtStart, startError } from './startError.ts';

export { ImageCacheError } from './errors.ts';
export type { InspectorOptions } from './http/inspector/inspectorOptions.ts';
export type { ImageDeparture, ImageDownload } from './channels.ts';
export type { MissReason, RemovalCause } from './inspectorProtocol.ts';
export type { ImageTiming, Step } from './timeline.ts';
export type {
  AuthorizedImage,
  AuthorizedUpload,
  BucketOptions,
  Duration,
  ExpressImageCacheOptions,
  ImageCacheLogger,
  ImageCacheOptions,
  ImagesOptions,
  NginxOptions,
  ServiceWorkerOptions,
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
  /** The cache behind the router, for your own code: `prefetch`, `invalidate`, `clear`, `stats`, `onEvent`, `exportPack`, `importPack`. */
  cache: ImageCache;
  /**
   * The page that shows what is in the cache and why, as a middleware of its own: it is never part of `router`. Mount it at a path that
   * the router does not have.
   * @example
   * app.use('/admin/images', images.inspector({ authorize: (request) => isAdmin(request) }));
   * @throws ImageCacheError INVALID_OPTION without `authorize`
   */
  inspector(options: InspectorOptions): Middleware;
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
  const { authorize, authorizeUpload, nginx, logger: printer = CONSOLE, ...rest } = options ?? {}; // forgotten options are reported by `resolveOptions`
  const resolved = checkAtStart(() => {
    const checked = resolveOptions(options && rest);
    if (checked.uploads !== undefined && typeof authorizeUpload !== 'function') throw authorizeUploadMissing();
    checkLogger(printer);
    checkNginx(nginx);
    return checked;
  });
  const logger = createLogger(resolved.logLevel, printer);
  if (resolved.offline) logger.warn(OFFLINE_START);
  const { allowedHosts } = resolved;
  const { cache, handler, createInspectorApi, close } = createApi(resolved, {
    root: process.cwd(),
    pages: 'build',
    server: { kind: 'express' },
    logger,
    authorize,
    authorizeUpload,
    access: productionAccess(resolved.allowedOrigins),
    allowedHosts,
    hasMetrics: resolved.metrics ?? false,
    hasInspector: false,
    canSimulate: false,
    accelRedirect: nginx && new AccelRedirect(nginx, logger),
  });

  function inspector(inspectorOptions: InspectorOptions): Middleware {
    // JavaScript does not check the type.
    if (typeof (inspectorOptions as Partial<InspectorOptions> | undefined)?.authorize !== 'function') {
      throw startError(authorizeMissing());
    }
    const page = createInspectorPage({ allowedHosts });
    const api = createInspectorApi(inspectorAccess());
    return authorizeInspector(inspectorOptions, { allowedHosts, logger }, createInspector({ page, api }));
  }

  return { router: handler, cache, inspector, close };
}

/** Debug output is on `console.info`, since consoles hide that of `console.debug`. */
const CONSOLE: ImageCacheLogger = {
  info: (message) => console.info(message),
  warn: (message) => console.warn(message),
};

function checkLogger(logger: unknown): void {
  const isFunction = (level: string) => typeof Reflect.get(Object(logger), level) === 'function';
  if (isFunction('info') && isFunction('warn')) return;
  throw new ImageCacheError(
    'INVALID_OPTION',
    'imageCache: option `logger` must have the functions `info` and `warn`.',
    {
      hint: 'Pass a logger of pino or winston, or `{ info: (message) => …, warn: (message) => … }`.',
    },
  );
}

/** The error for uploads without owners: the public may reach the router of a server of your own, and could fill the bucket. */
function authorizeUploadMissing(): ImageCacheError {
  return new ImageCacheError(
    'INVALID_OPTION',
    'imageCache: option `authorizeUpload` must be a function of the request if `uploads` is set.',
    { hint: 'Return the owner of the upload, e.g. the user id of the session, or false to refuse it.' },
  );
}

/** The error for an inspector that anybody could use. */
function authorizeMissing(): ImageCacheError {
  return new ImageCacheError('INVALID_OPTION', 'imageCache: `images.inspector()` needs the option `authorize`.', {
    hint: 'The inspector shows and removes every image. Pass a function of the request that returns true for those who may.',
  });
}
