import { resolve } from 'node:path';
import { cacheLocation, type CacheLogger, ImageCache, type ImageRef, type Source } from './cache/index.ts';
import { createVariantMaker, inspectImage, recognizeImage } from './images/index.ts';
import type { ResolvedOptions } from './options.ts';
import { createOfflineSource, createS3Source } from './source/index.ts';

/**
 * Creates a cache of S3 images in the directory from the options. No file is touched before the first call that needs one.
 * @param extend wraps the source
 */
export function createCache(
  options: ResolvedOptions,
  root: string,
  logger: CacheLogger,
  extend: <Ref extends ImageRef>(source: Source<Ref>) => Source<Ref> = (source) => source,
): ImageCache {
  const location = cacheLocation(root, options.cacheDir);
  // An image that is larger than the whole cache would evict all others (T61).
  const maxImageSize = Math.min(options.maxImageSize, options.maxSize);
  const source = options.offline
    ? createOfflineSource(options)
    : createS3Source({ ...options, maxImageSize }, { recognize: recognizeImage });
  return new ImageCache({
    ...location,
    fallbackDirs: options.fallbackDirs.map((dir) => resolve(root, dir)).filter((dir) => dir !== location.dir),
    maxSize: options.maxSize,
    maxEntries: options.maxEntries,
    maxImageSize,
    maxAge: options.maxAge,
    minFreeSpace: options.minFreeSpace,
    quotaOf: options.quotaOf,
    memoryMaxSize: options.memoryMaxSize,
    memoryPreload: options.memoryPreload,
    revalidateMs: options.revalidate,
    concurrency: options.concurrency,
    maxConcurrency: options.maxConcurrency,
    durability: options.durability,
    source: extend(source),
    inspect: (bytes, proof) => inspectImage(bytes, proof, { allowSvg: options.allowSvg }),
    recognize: recognizeImage,
    maker: createVariantMaker({ png: options.images.store === 'webp-lossy' ? 'lossy' : 'lossless' }),
    placeholder: options.images.placeholder,
    compress: options.images.store !== 'original',
    logger,
  });
}
