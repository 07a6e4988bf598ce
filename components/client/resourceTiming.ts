import type { CacheTier } from '../../plugin/protocol.ts';
import { imageTimings, isComplete } from './timings.ts';

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
  if (!imageTimings()) return undefined;
  if (!find(url, since)) await new Promise((resolve) => setTimeout(resolve, GRACE_MS));
  const timing = find(url, since);
  if (timing) return toStatus(timing);
  // No request since the element asked: the document had the image already.
  return isComplete(since) ? { from: 'browser', ms: round(until - since) } : undefined;
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
 * What the answer took, without the wait for one of the six connections that a browser opens to a host: that wait says
 * how busy the page is, not where the image came from. Another origin tells no details unless it sends
 * `Timing-Allow-Origin`.
 */
function durationOf(timing: PerformanceResourceTiming): number {
  return timing.requestStart > 0 ? timing.responseEnd - timing.requestStart : timing.duration;
}

/** The newest timing of a URL. */
function find(url: string, since: number): PerformanceResourceTiming | undefined {
  return imageTimings()?.findLast(({ name, startTime }) => name === url && startTime >= since);
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
