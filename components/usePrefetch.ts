'use client';

import { useSyncExternalStore } from 'react';
import type { PrefetchManager } from './client/createPrefetchManager.ts';
import { prefetchManagerOf } from './client/prefetchManager.ts';
import type { PrefetchProgress } from './client/prefetchProgress.ts';
import { useCacheClient } from './imageCacheContext.ts';

export interface PrefetchState extends Pick<
  PrefetchManager,
  'startPrefetch' | 'prefetchActor' | 'pause' | 'resume' | 'cancel'
> {
  progress: PrefetchProgress;
}

/** The prefetch manager of the nearest cache, rendered again as it proceeds. Its functions are stable. */
export function usePrefetch(): PrefetchState {
  const manager = prefetchManagerOf(useCacheClient());
  const progress = useSyncExternalStore(manager.subscribe, manager.getProgress, manager.getProgress);
  const { startPrefetch, prefetchActor, pause, resume, cancel } = manager;
  return { progress, startPrefetch, prefetchActor, pause, resume, cancel };
}
