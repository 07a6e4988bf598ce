import { ImageCache } from './cache/imageCache.ts';
import { cacheLocation } from './cache/location.ts';
import type { CacheLogger } from './cache/logger.ts';
import { inspectImage } from './images/index.ts';
import type { ResolvedOptions } from './options.ts';
import { createS3Source } from './source/index.ts';

/** A cache of S3 images in the directory of the options. Touches nothing before the first call that needs it. */
export function createCache(options: ResolvedOptions, root: string, logger: CacheLogger): ImageCache {
  return new ImageCache({
    ...cacheLocation(root, options.cacheDir),
    maxSize: options.maxSize,
    maxEntries: options.maxEntries,
    memoryMaxSize: options.memoryMaxSize,
    concurrency: options.concurrency,
    durability: options.durability,
    source: createS3Source(options),
    inspect: (bytes) => inspectImage(bytes, { allowSvg: options.allowSvg }),
    logger,
  });
}
