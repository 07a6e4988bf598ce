'use client';

import { useEffect } from 'react';
import type { CacheEvent } from '../plugin/protocol.ts';
import { type ImageCache, imageCacheOf } from './client/imageCache.ts';
import { useCacheClient } from './imageCacheContext.ts';
import { useLatest } from './useLatest.ts';

/** The cache of the nearest `ImageCacheProvider`; without one, `imageCache`. Always the same object. */
export function useImageCache(): ImageCache {
  return imageCacheOf(useCacheClient());
}

/** Calls the newest `listener` with every change of the cache, while mounted. */
export function useImageCacheEvents(listener: (event: CacheEvent) => void): void {
  const client = useCacheClient();
  const latest = useLatest(listener);
  useEffect(() => client.subscribe((event) => latest.current(event)), [client, latest]);
}
