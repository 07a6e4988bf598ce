import { useCallback, useEffect, useState } from 'react';
import { prefetchManager } from 'vite-plugin-image-cache/react';
import type { ActorSummary } from '../api.ts';
import { fetchActors } from './backend.ts';

/** URLs expire after 15 minutes. Before that, images that still wait for their prefetch get new signatures. */
const RENEW_AFTER_MS = 10 * 60_000;

export interface Actors {
  /** `undefined` until the backend has answered. */
  actors: readonly ActorSummary[] | undefined;
  error: Error | undefined;
  /** Asks the backend again, and prefetches pictures that are not cached. */
  reload(): void;
}

/** Loads the actors, and then prefetches all of their pictures. */
export function useActors(): Actors {
  const [actors, setActors] = useState<readonly ActorSummary[]>();
  const [error, setError] = useState<Error>();

  const load = useCallback((signal?: AbortSignal) => {
    fetchActors(signal).then(
      (found) => {
        setActors(found);
        setError(undefined);
        prefetchManager.startPrefetch(found.map(({ id, images = [] }) => ({ id, images })));
      },
      (failure: Error) => {
        if (signal?.aborted !== true) setError(failure);
      },
    );
  }, []);

  useEffect(() => {
    const controller = new AbortController();
    load(controller.signal);
    const timer = setInterval(load, RENEW_AFTER_MS);
    return () => {
      controller.abort();
      clearInterval(timer);
    };
  }, [load]);

  return { actors, error, reload: () => load() };
}
