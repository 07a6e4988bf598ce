'use client';

import { useEffect } from 'react';
import type { CacheEvent } from '../plugin/protocol.ts';
import { useCacheClient } from './imageCacheContext.ts';
import { useLatest } from './useLatest.ts';

/** Calls the newest `listener` with every change of the cache, while mounted. */
export function useImageCacheEvents(listener: (event: CacheEvent) => void): void {
  const client = useCacheClient();
  const latest = useLatest(listener);
  useEffect(() => client.subscribe((event) => latest.current(event)), [client, latest]);
}
