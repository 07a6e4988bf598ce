import type { CacheLogger, ImageCache } from '../cache/index.ts';
import type { ExpressImageCacheOptions, ImageCacheOptions, ResolvedImages } from '../options.ts';
import type { AccessPolicy } from './accessPolicy.ts';
import type { UnreadBodies } from './unreadBodies.ts';

/** What the routes work with. */
export interface HttpContext {
  cache: ImageCache;
  logger: CacheLogger;
  /** `undefined`: everyone who may reach the API may see everything. */
  authorize: ExpressImageCacheOptions['authorize'];
  /** Who may use which routes. */
  access: AccessPolicy;
  /** Asked about requests to which `access` does not open the management of the cache. */
  manage: ImageCacheOptions['manage'];
  /** What variants may be asked for. */
  images: ResolvedImages;
  allowedOrigins: readonly string[];
  allowedHosts: readonly string[] | true;
  /** Bytes. */
  bodyLimit: number;
  unread: UnreadBodies;
}
