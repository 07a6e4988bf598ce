'use client';

import { type ImageCache, imageCacheOf } from './client/imageCache.ts';
import { useCacheClient } from './imageCacheContext.ts';

/** The cache of the nearest `ImageCacheProvider`; without one, `imageCache`. Always the same object. */
export function useImageCache(): ImageCache {
  return imageCacheOf(useCacheClient());
}
