import { useCallback, useEffect, useRef, useState } from 'react';
import { imageCache, prefetchManager } from 'vite-plugin-image-cache/react';
import type { Picture } from '../api.ts';
import { fetchActor, fetchNetwork } from './backend.ts';
import { startStopwatch, type Measurement, type Stopwatch } from './measure.ts';

export type Side = 'without' | 'with';
type Step = 'ready' | 'warming' | Side | 'done';

/** How often the running numbers are drawn. */
const TICK_MS = 100;
const SETTLE_MS = 10_000;

export interface Comparison {
  step: Step;
  error: Error | undefined;
  /** The pictures of each side. They are signed for this run, so that the browser's own cache has none of them. */
  images: Readonly<Record<Side, readonly Picture[] | undefined>>;
  results: Readonly<Record<Side, Measurement | undefined>>;
  run(): void;
  settle(side: Side, outcome: 'loaded' | 'failed'): void;
}

const NOTHING = { without: undefined, with: undefined };

/** Loads an actor's pictures twice, one side after the other, and measures both. */
export function useComparison(id: string): Comparison {
  const [step, setStep] = useState<Step>('ready');
  const [error, setError] = useState<Error>();
  const [images, setImages] = useState<Comparison['images']>(NOTHING);
  const [results, setResults] = useState<Comparison['results']>(NOTHING);
  const stopwatch = useRef<{ side: Side; watch: Stopwatch }>(undefined);
  const leaving = useRef<AbortSignal>(undefined);

  useEffect(() => {
    const controller = new AbortController();
    leaving.current = controller.signal;
    return () => controller.abort();
  }, []);

  const measure = useCallback(
    async (side: Side, left: AbortSignal | undefined) => {
      const { images: signed } = await fetchActor(id);
      const watch = startStopwatch(signed.length, await fetchNetwork());
      stopwatch.current = { side, watch };
      setStep(side);
      setImages((current) => ({ ...current, [side]: signed }));
      const timer = setInterval(() => setResults((current) => ({ ...current, [side]: watch.now() })), TICK_MS);
      try {
        const result = await Promise.race([watch.finished, untilAborted(left)]);
        setResults((current) => ({ ...current, [side]: result }));
      } finally {
        clearInterval(timer);
      }
    },
    [id],
  );

  const compare = useCallback(async () => {
    setError(undefined);
    setImages(NOTHING);
    setResults(NOTHING);
    setStep('warming');
    const left = leaving.current;
    const wasRunning = prefetchManager.getProgress().state !== 'paused';
    try {
      // The comparison is with a second visit. The first visit fills the cache, which is done here.
      await prefetchManager.prefetchActor(id, (await fetchActor(id)).images);
      // Other answers of S3 would be counted, too.
      prefetchManager.pause();
      await untilQuiet();
      await measure('without', left);
      await measure('with', left);
      setStep('done');
    } catch (failure) {
      if (left?.aborted === true) return;
      setError(failure instanceof Error ? failure : new Error(String(failure)));
      setStep('ready');
    } finally {
      if (wasRunning) prefetchManager.resume();
    }
  }, [id, measure]);

  return {
    step,
    error,
    images,
    results,
    run: () => void compare(),
    settle(side, outcome) {
      if (stopwatch.current?.side === side) stopwatch.current.watch.settle(outcome);
    },
  };
}

/** Rejects when the page is left: pictures that are no longer on the page never settle, so the wait would not end. */
function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    const leave = () => reject(new Error('The page was left.'));
    if (signal?.aborted === true) leave();
    signal?.addEventListener('abort', leave, { once: true });
  });
}

/** Waits until the cache downloads nothing. The wait is limited, because another tab may keep the cache busy. */
async function untilQuiet(): Promise<void> {
  const deadline = performance.now() + SETTLE_MS;
  while (performance.now() < deadline) {
    const { downloads } = await imageCache.getStats();
    if (downloads.active + downloads.queued === 0) return;
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
}
