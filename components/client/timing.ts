import type { CacheTier } from '../../plugin/protocol.ts';

/**
 * The server's tier of an answer, by its `Server-Timing`. `undefined` if it does not say so: the header is missing, the browser hides it
 * (Firefox in an insecure context), or another origin sends no `Timing-Allow-Origin`.
 */
export function tierOf(timing: PerformanceResourceTiming): CacheTier | undefined {
  // Firefox has `serverTiming` in secure contexts only.
  return (timing.serverTiming ?? []).map(({ name }) => name).find(isTier);
}

function isTier(name: string): name is CacheTier {
  return name === 'memory' || name === 'disk' || name === 's3';
}

/** Whether the browser's own cache has answered. Such an answer still has the `Server-Timing` of the original request. */
export function isFromBrowser(timing: PerformanceResourceTiming): boolean {
  if ('deliveryType' in timing && timing.deliveryType === 'cache') return true;
  return timing.transferSize === 0 && timing.decodedBodySize > 0;
}

/**
 * The milliseconds from request to answer. They leave out the wait for one of the six connections that a browser opens to a host, because
 * that wait says how busy the page is, not where the image came from. Other origins give no such details without `Timing-Allow-Origin`.
 */
export function durationOf(timing: PerformanceResourceTiming): number {
  return timing.requestStart > 0 ? timing.responseEnd - timing.requestStart : timing.duration;
}

/** Whether the page's own buffer of timings may be full, so that an observer that starts now does not learn of what was loaded before. */
export function isBufferFull(): boolean {
  return performance.getEntriesByType('resource').length >= BUFFER_SIZE;
}

/** The page's own buffer (`getEntriesByType`) holds at least this many timings before it is full. */
const BUFFER_SIZE = 250;
