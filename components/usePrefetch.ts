'use client';

import { useSyncExternalStore } from 'react';
import { prefetchManagerOf } from './client/prefetchManager.ts';
import type { PrefetchManager, PrefetchProgress } from './client/prefetchTypes.ts';
import { useCacheClient } from './imageCacheContext.ts';

export interface PrefetchState extends Omit<PrefetchManager, 'getProgress' | 'subscribe'> {
  progress: PrefetchProgress;
}

/**
 * Returns the prefetch manager of the nearest cache. The component renders again when the progress changes, even if another tab does the
 * work. The functions stay the same in all renders.
 * @example
 * const { progress, pause, getResults } = usePrefetch();
 * const failed = getResults(actorId).filter(({ status }) => status === 'failed');
 */
export function usePrefetch(): PrefetchState {
  const { subscribe, getProgress, ...functions } = prefetchManagerOf(useCacheClient());
  return { progress: useSyncExternalStore(subscribe, getProgress, getProgress), ...functions };
}
