'use client';

import { useEffect, useReducer, useState } from 'react';
import type { CacheStats } from '../plugin/protocol.ts';
import { imageCacheOf } from './client/imageCache.ts';
import { useCacheClient } from './imageCacheContext.ts';

/** Minimum time between two requests because of events: a prefetch causes many of them, and people cannot read faster. */
const EVENT_INTERVAL_MS = 1_000;
/** A server that does not answer is asked less and less often. */
const LONGEST_INTERVAL_MS = 60_000;

export interface CacheStatsOptions {
  /**
   * How long after an answer to ask again, in milliseconds. It asks less often while the server does not answer, and not at all while the
   * tab is hidden. @default only when the cache has changed, at most once a second
   */
  intervalMs?: number;
}

export interface CacheStatsState {
  /** The latest statistics. They are kept when a refresh fails. */
  stats: CacheStats | undefined;
  /** Why the last refresh failed. */
  error: Error | undefined;
  refresh(): void;
}

/** The statistics of the cache, kept up to date. Without a server there are no numbers, no error and no request. */
export function useCacheStats({ intervalMs }: CacheStatsOptions = {}): CacheStatsState {
  const client = useCacheClient();
  const [state, setState] = useState<Omit<CacheStatsState, 'refresh'>>({ stats: undefined, error: undefined });
  const [refreshes, refresh] = useReducer((count: number) => count + 1, 0);

  useEffect(() => {
    let newest = 0;
    let failures = 0;
    let eventTimer: ReturnType<typeof setTimeout> | undefined;
    let pollTimer: ReturnType<typeof setTimeout> | undefined;

    async function ask(): Promise<void> {
      stop();
      const call = newest;
      // Answers may arrive in another order than their requests. Only the answer to the newest one counts.
      const set: typeof setState = (next) => call === newest && setState(next);
      try {
        if (client.baseUrl !== undefined) set({ stats: await imageCacheOf(client).getStats(), error: undefined });
        failures = 0;
      } catch (error) {
        failures += 1;
        // What `getStats` throws is an Error.
        set(({ stats }) => ({ stats, error: error as Error }));
      }
      if (intervalMs === undefined || call !== newest) return;
      const longest = Math.max(intervalMs, LONGEST_INTERVAL_MS);
      pollTimer = setTimeout(askWhenVisible, Math.min(intervalMs * 2 ** failures, longest));
    }

    function askWhenVisible(): void {
      if (document.visibilityState === 'visible') void ask();
      else document.addEventListener('visibilitychange', askWhenVisible, { once: true });
    }

    function stop(): void {
      newest += 1;
      clearTimeout(eventTimer);
      clearTimeout(pollTimer);
      eventTimer = undefined;
      document.removeEventListener('visibilitychange', askWhenVisible);
    }

    void ask();
    const unsubscribe = client.subscribe(() => (eventTimer ??= setTimeout(askWhenVisible, EVENT_INTERVAL_MS)));
    return () => {
      stop();
      unsubscribe();
    };
  }, [client, intervalMs, refreshes]);

  return { ...state, refresh };
}
