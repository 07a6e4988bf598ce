/** Time and chance, injected so that tests neither sleep nor guess. */
export interface UploadsClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** 0 ≤ x < 1 */
  random(): number;
  /** Resolves after `ms`, or as soon as the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** The real one. Its timers keep no process alive. */
export const systemClock: UploadsClock = {
  now: () => Date.now(),
  random: () => Math.random(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms).unref();
      signal.addEventListener('abort', done, { once: true });
    }),
};
