'use client';

import { useSyncExternalStore } from 'react';
import type { PrefetchManager } from './client/prefetchTypes.ts';
import { prefetchManagerOf } from './client/prefetchManager.ts';
import type { PrefetchProgress } from './client/prefetchTypes.ts';
import { useCacheClient } from './imageCacheContext.ts';

export interface PrefetchState extends Pick<
  PrefetchManager,
  'startPrefetch' | 'prefetchActor' | 'pause' | 'resume' | 'cancel' | 'getResults'
> {
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
