import type { ImageCache } from './cache/index.ts';
import { createCache } from './createCache.ts';
import type { HttpContext } from './http/context.ts';
import type { Middleware } from './http/middleware.ts';
import { createHandler } from './http/mount.ts';
import { UnreadBodies } from './http/unreadBodies.ts';
import type { ResolvedOptions } from './options.ts';

/** What differs between Vite's servers and a server of your own. */
export interface ApiSettings extends Pick<HttpContext, 'logger' | 'authorize' | 'access' | 'allowedHosts'> {
  /** The directory that those in the options are relative to. */
  root: string;
}

/** Creates a cache and the HTTP API in front of it. No file is touched before the first request. */
export function createApi(
  options: ResolvedOptions,
  { root, logger, authorize, access, allowedHosts }: ApiSettings,
): { cache: ImageCache; handler: Middleware } {
  const cache = createCache(options, root, logger);
  const { manage, images, allowedOrigins, bodyLimit } = options;
  const handler = createHandler({
    cache,
    logger,
    authorize,
    access,
    manage,
    images,
    allowedOrigins,
    allowedHosts,
    bodyLimit,
    unread: new UnreadBodies(),
  });
  return { cache, handler };
}
