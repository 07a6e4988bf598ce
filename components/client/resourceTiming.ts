import type { CacheTier } from '../../plugin/protocol.ts';

/** How an image got here. */
export interface CacheStatus {
  /**
   * The server's tier, `browser` when the browser's own cache answered, `origin` when the cache could not help and
   * the original URL was loaded.
   */
  from: CacheTier | 'browser' | 'origin';
  /** From sending the request to the last byte, in milliseconds. */
  ms: number;
  /** There is none: `currentSrc` of the element may carry a signature. */
  url?: never;
}

/** Timings that the page's own buffer (`getEntriesByType`) holds at least before it takes no more. */
const BUFFER_SIZE = 250;
/** How many timings are kept: `load` follows its timing at once, so only bursts have to fit. */
const MAX_TIMINGS = 500;

/** Of images, the oldest first. */
let timings: readonly PerformanceResourceTiming[] = [];
let observer: PerformanceObserver | undefined;
/** No timing of an image that was asked for since then can have been missed: `performance.now()`. */
let completeSince = 0;

/**
 * Starts to watch; to be called before the image is asked for. The page's own buffer may be full before its first image: on a dev page
 * there are many modules. An observer misses nothing from then on.
 */
export function watchTimings(): void {
  if (observer || typeof PerformanceObserver === 'undefined') return;
  observer = new PerformanceObserver((list) => keep(list.getEntries()));
  observer.observe({ type: 'resource', buffered: true });
  if (performance.getEntriesByType('resource').length >= BUFFER_SIZE) completeSince = performance.now();
}

/** The timing of an image may be queued a moment after its `load`. */
const GRACE_MS = 50;

/** How an image was loaded. */
export interface Loading {
  /** When its element asked for it, and when it was there: `performance.now()`. */
  since: number;
  until: number;
  /** Not through the cache, but by the URL as given. */
  isOriginal: boolean;
  /** The server has downloaded it for this element, which loaded it when it was there. */
  isDownloaded: boolean;
}

/**
 * Reads where a loaded image came from.
 * @returns `undefined` when it cannot be told: no timings here, they came too late, or no `Server-Timing` (insecure context, a proxy)
 */
export async function readCacheStatus(url: string, loading: Loading): Promise<CacheStatus | undefined> {
  const { since, until, isOriginal, isDownloaded } = loading;
  if (isDownloaded) return { from: 's3', ms: round(until - since) };
  if (isOriginal) {
    const timing = find(url, since);
    return { from: 'origin', ms: round(timing ? durationOf(timing) : until - since) };
  }
  if (!observer) return undefined;
  if (!find(url, since)) await new Promise((resolve) => setTimeout(resolve, GRACE_MS));
  const timing = find(url, since);
  if (timing) return toStatus(timing);
  // No request since the element asked: the document had the image already.
  return since >= completeSince ? { from: 'browser', ms: round(until - since) } : undefined;
}

function toStatus(timing: PerformanceResourceTiming): CacheStatus | undefined {
  const ms = round(durationOf(timing));
  // The answer the browser kept holds the Server-Timing of its time, so its own cache is asked about first.
  if (isFromBrowser(timing)) return { from: 'browser', ms };
  // Firefox has `serverTiming` in secure contexts only.
  const from = (timing.serverTiming ?? []).map(({ name }) => name).find(isTier);
  return from && { from, ms };
}

function isTier(name: string): name is CacheTier {
  return name === 'memory' || name === 'disk' || name === 's3';
}

function isFromBrowser(timing: PerformanceResourceTiming): boolean {
  if ('deliveryType' in timing && timing.deliveryType === 'cache') return true;
  return timing.transferSize === 0 && timing.decodedBodySize > 0;
}

/**
 * The time of the answer, without the wait for one of the six connections that a browser opens to a host: that wait says how busy the
 * page is, not where the image came from. Without `Timing-Allow-Origin`, another origin has no such details.
 */
function durationOf(timing: PerformanceResourceTiming): number {
  return timing.requestStart > 0 ? timing.responseEnd - timing.requestStart : timing.duration;
}

/** The newest timing of a URL. */
function find(url: string, since: number): PerformanceResourceTiming | undefined {
  if (observer) keep(observer.takeRecords());
  return timings.findLast(({ name, startTime }) => name === url && startTime >= since);
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function keep(entries: readonly PerformanceEntry[]): void {
  // Resources are all that is observed.
  const images = (entries as PerformanceResourceTiming[]).filter(({ initiatorType }) => initiatorType === 'img');
  timings = [...timings, ...images].slice(-MAX_TIMINGS);
}
