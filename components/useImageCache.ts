'use client';

import { useEffect } from 'react';
import type { CacheEvent } from '../plugin/protocol.ts';
import { type ImageCache, imageCacheOf } from './client/imageCache.ts';
import { useCacheClient } from './imageCacheContext.ts';
import { useLatest } from './useLatest.ts';

/** Returns the cache of the nearest `ImageCacheProvider`, or `imageCache` without one. It is the same object in every render. */
export function useImageCache(): ImageCache {
  return imageCacheOf(useCacheClient());
}

/** While the component is mounted, calls the `listener` of the last render with every change of the cache. */
export function useImageCacheEvents(listener: (event: CacheEvent) => void): void {
  const client = useCacheClient();
  const latest = useLatest(listener);
  useEffect(() => client.subscribe((event) => latest.current(event)), [client, latest]);
}
