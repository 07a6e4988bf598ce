export interface Measured {
  /** Until everything was done, in milliseconds. */
  ms: number;
  /** The longest task of the main thread meanwhile, in milliseconds; 0 if none took more than 50. */
  longestTaskMs: number;
}

/** How long something takes, and for how long it keeps the page from doing anything else (https://w3c.github.io/longtasks/). */
export async function measure(act: () => Promise<unknown>): Promise<Measured> {
  let longestTaskMs = 0;
  const note = (entries: PerformanceEntry[]) => {
    for (const { duration } of entries) longestTaskMs = Math.max(longestTaskMs, duration);
  };
  const observer = new PerformanceObserver((list) => note(list.getEntries()));
  observer.observe({ type: 'longtask' });
  const began = performance.now();
  await act();
  const ms = performance.now() - began;
  // The task that it was done in is told of when it has ended.
  await new Promise((resolve) => {
    setTimeout(resolve, 50);
  });
  note(observer.takeRecords());
  observer.disconnect();
  return { ms, longestTaskMs };
}
