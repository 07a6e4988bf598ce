import type { ImageCache } from '../cache/imageCache.ts';
import type { CacheLogger } from '../cache/logger.ts';
import type { ExpressImageCacheOptions, ResolvedImages } from '../options.ts';

/** What the routes work with. */
export interface HttpContext {
  cache: ImageCache;
  logger: CacheLogger;
  /** `undefined`: everyone who may reach the API may see everything. */
  authorize: ExpressImageCacheOptions['authorize'];
  /** What variants may be asked for. */
  images: ResolvedImages;
  allowedOrigins: readonly string[];
  allowedHosts: readonly string[] | true;
  /** Bytes. */
  bodyLimit: number;
}
