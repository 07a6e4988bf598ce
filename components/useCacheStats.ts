'use client';

import { useCallback, useEffect, useRef, useState } from 'react';
import type { CacheStats } from '../plugin/protocol.ts';
import { imageCacheOf } from './client/imageCache.ts';
import { useCacheClient } from './imageCacheContext.ts';
import { useImageCacheEvents } from './useImageCacheEvents.ts';

/** Events come in bursts (a prefetch); the numbers are for people. */
const EVENT_INTERVAL_MS = 1_000;

export interface CacheStatsOptions {
  /** Asks again this often, in milliseconds. @default only when the cache changed, at most once a second */
  intervalMs?: number;
}

export interface CacheStatsState {
  /** The newest numbers there are; kept while a refresh fails. */
  stats: CacheStats | undefined;
  /** Why the last refresh failed. */
  error: Error | undefined;
  refresh(): void;
}

/** The cache's statistics, kept up to date. Without a server: no numbers, no error, no request. */
export function useCacheStats({ intervalMs }: CacheStatsOptions = {}): CacheStatsState {
  const client = useCacheClient();
  const [state, setState] = useState<Omit<CacheStatsState, 'refresh'>>({
    stats: undefined,
    error: undefined,
  });
  const newest = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const refresh = useCallback(() => {
    if (client.mount === undefined) return;
    const call = ++newest.current;
    // Answers may overtake each other; only the newest call counts.
    imageCacheOf(client)
      .getStats()
      .then(
        (stats) => call === newest.current && setState({ stats, error: undefined }),
        (error: Error) => call === newest.current && setState(({ stats }) => ({ stats, error })),
      );
  }, [client]);

  useEffect(() => {
    refresh();
    return () => {
      // oxlint-disable-next-line react-hooks/exhaustive-deps -- the counter as it is then is the point: no answer counts any more
      newest.current++;
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [refresh]);

  useEffect(() => {
    if (intervalMs === undefined) return;
    const interval = setInterval(refresh, intervalMs);
    return () => clearInterval(interval);
  }, [refresh, intervalMs]);

  useImageCacheEvents(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      refresh();
    }, EVENT_INTERVAL_MS);
  });

  return { ...state, refresh };
}
