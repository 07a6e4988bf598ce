/** Timings kept: `load` follows its timing at once, so only bursts have to fit. */
const MAX_TIMINGS = 500;

let timings: readonly PerformanceResourceTiming[] = [];
let observer: PerformanceObserver | undefined;
let completeSince = 0;

/** What the page's own buffer (`getEntriesByType`) holds at least before it takes no more. */
const BUFFER_SIZE = 250;

/**
 * Starts to watch. A dev page with many modules has filled the page's own buffer before its first image. An observer misses
 * none, if it is there before the image is.
 */
export function watchTimings(): void {
  if (observer || typeof PerformanceObserver === 'undefined') return;
  observer = new PerformanceObserver((list) => keep(list.getEntries()));
  observer.observe({ type: 'resource', buffered: true });
  if (performance.getEntriesByType('resource').length >= BUFFER_SIZE) completeSince = performance.now();
}

/** Whether no timing of what was asked for since then can have been missed. */
export function isComplete(since: number): boolean {
  return since >= completeSince;
}

/** The timings of images, oldest first; `undefined` where there are none to be had. */
export function imageTimings(): readonly PerformanceResourceTiming[] | undefined {
  if (observer) keep(observer.takeRecords());
  return observer && timings;
}

function keep(entries: readonly PerformanceEntry[]): void {
  // Resources are all that is observed.
  const images = (entries as PerformanceResourceTiming[]).filter(({ initiatorType }) => initiatorType === 'img');
  timings = [...timings, ...images].slice(-MAX_TIMINGS);
}
