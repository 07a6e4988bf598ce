'use client';

import { useSyncExternalStore } from 'react';
import { prefetchManagerOf } from './client/prefetchManager.ts';
import type { PrefetchManager, PrefetchProgress } from './client/prefetchTypes.ts';
import { useCacheClient } from './imageCacheContext.ts';

export interface PrefetchState extends Omit<PrefetchManager, 'getProgress' | 'subscribe'> {
  progress: PrefetchProgress;
}

/**
 * The prefetch manager of the nearest cache, rendered again as it proceeds, in whichever tab the work is done. Its
 * functions are stable.
 * @example
 * const { progress, pause, getResults } = usePrefetch();
 * const failed = getResults(actorId).filter(({ status }) => status === 'failed');
 */
export function usePrefetch(): PrefetchState {
  const { subscribe, getProgress, ...functions } = prefetchManagerOf(useCacheClient());
  return { progress: useSyncExternalStore(subscribe, getProgress, getProgress), ...functions };
}
