'use client';

import { useCallback, useEffect, useRef, useState } from 'react';
import type { CacheStats } from '../plugin/protocol.ts';
import { imageCacheOf } from './client/imageCache.ts';
import { useCacheClient } from './imageCacheContext.ts';
import { useImageCacheEvents } from './useImageCacheEvents.ts';

/** Events come in bursts (a prefetch); the numbers are for people. */
const EVENT_INTERVAL_MS = 1_000;
/** A server that does not answer is asked less and less often. */
const LONGEST_INTERVAL_MS = 60_000;

export interface CacheStatsOptions {
  /**
   * Asks again so long after the last answer, in milliseconds; more seldom while none comes, and not at all while the tab
   * is hidden. @default only when the cache changed, at most once a second
   */
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
  /** Something happened while nobody looked. */
  const isStale = useRef(false);

  /** @returns whether there was an answer */
  const ask = useCallback(async (): Promise<boolean> => {
    if (client.mount === undefined) return true;
    isStale.current = false;
    const call = ++newest.current;
    // Answers may overtake each other; only the newest call counts.
    const isNewest = (): boolean => call === newest.current;
    try {
      const stats = await imageCacheOf(client).getStats();
      if (isNewest()) setState({ stats, error: undefined });
      return true;
    } catch (error) {
      // What `getStats` throws is an Error.
      if (isNewest()) setState(({ stats }) => ({ stats, error: error as Error }));
      return false;
    }
  }, [client]);
  const refresh = useCallback(() => void ask(), [ask]);

  useEffect(() => {
    refresh();
    const onVisibilityChange = (): void => {
      if (isStale.current && document.visibilityState === 'visible') refresh();
    };
    document.addEventListener('visibilitychange', onVisibilityChange);
    return () => {
      document.removeEventListener('visibilitychange', onVisibilityChange);
      // oxlint-disable-next-line react-hooks/exhaustive-deps -- the counter as it is then is the point: no answer counts any more
      newest.current++;
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [refresh]);

  useEffect(() => {
    if (intervalMs === undefined) return;
    return poll(ask, intervalMs, () => (isStale.current = true));
  }, [ask, intervalMs]);

  useImageCacheEvents(() => {
    if (document.visibilityState === 'hidden') {
      isStale.current = true;
      return;
    }
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      refresh();
    }, EVENT_INTERVAL_MS);
  });

  return { ...state, refresh };
}

/** @returns a function that stops */
function poll(ask: () => Promise<boolean>, intervalMs: number, onSkipped: () => void): () => void {
  let failures = 0;
  let timer = setTimeout(turn, intervalMs);
  let isStopped = false;

  async function turn(): Promise<void> {
    if (document.visibilityState === 'hidden') onSkipped();
    else failures = (await ask()) ? 0 : failures + 1;
    const longest = Math.max(intervalMs, LONGEST_INTERVAL_MS);
    if (!isStopped) timer = setTimeout(turn, Math.min(intervalMs * 2 ** failures, longest));
  }

  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
}
