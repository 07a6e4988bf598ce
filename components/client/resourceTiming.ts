import type { CacheTier } from '../../plugin/protocol.ts';
import { durationOf, isBufferFull, isFromBrowser, tierOf } from './timing.ts';

/** Where an image came from, and how long it took. */
export interface CacheStatus {
  /**
   * The server's tier, `browser` when the browser's own cache answered, `cdn` for a CDN (`imageBase`), `origin` when the cache could not help
   * and the original URL was loaded.
   */
  from: CacheTier | 'browser' | 'cdn' | 'origin';
  /** From sending the request to the last byte, in milliseconds. */
  ms: number;
  /** A status has no URL, because that of the element (`currentSrc`) may carry a signature. */
  url?: never;
}

/** Maximum number of timings that are kept. A `load` follows its timing at once, so this need only be enough for bursts. */
const MAX_TIMINGS = 500;

/** Timings of images, the oldest first. */
let timings: readonly PerformanceResourceTiming[] = [];
let observer: PerformanceObserver | undefined;
/** If an image was requested after this time (`performance.now()`), its timing cannot have been missed. */
let completeSince = 0;

/**
 * Starts to observe timings. Call it before an image is requested. The page's own buffer may be full before the first image, because a
 * page in development loads many modules; an observer misses nothing from its start on.
 */
export function watchTimings(): void {
  if (observer || typeof PerformanceObserver === 'undefined') return;
  observer = new PerformanceObserver((list) => keep(list.getEntries()));
  observer.observe({ type: 'resource', buffered: true });
  if (isBufferFull()) completeSince = performance.now();
}

/** How long to wait for the timing of an image, which may come a moment after its `load`. */
const GRACE_MS = 50;

/** How an image was loaded. */
export interface Loading {
  /** When the element requested the image, and when it had loaded (`performance.now()`). */
  since: number;
  until: number;
  /** Whether it was loaded by the URL as given, and not through the cache. */
  isOriginal: boolean;
  /** Whether the server first downloaded it for this element. */
  isDownloaded: boolean;
  /** Whether it was loaded from a CDN, which sends the `Server-Timing` of the answer that it has kept. */
  isFromCdn: boolean;
}

/**
 * Reads where a loaded image came from.
 * @returns `undefined` if that is unknown: the browser has no timings, they came too late, or there is no `Server-Timing` (insecure
 * context, a proxy)
 */
export async function readCacheStatus(url: string, loading: Loading): Promise<CacheStatus | undefined> {
  const { since, until, isOriginal, isDownloaded, isFromCdn } = loading;
  if (isDownloaded) return { from: 's3', ms: round(until - since) };
  if (isOriginal) {
    const timing = find(url, since);
    return { from: 'origin', ms: round(timing ? durationOf(timing) : until - since) };
  }
  if (!observer) return undefined;
  if (!find(url, since)) await new Promise((resolve) => setTimeout(resolve, GRACE_MS));
  const timing = find(url, since);
  if (timing) return toStatus(timing, isFromCdn);
  // Without a request since then, the document had the image already.
  return since >= completeSince ? { from: 'browser', ms: round(until - since) } : undefined;
}

function toStatus(timing: PerformanceResourceTiming, isFromCdn: boolean): CacheStatus | undefined {
  const ms = round(durationOf(timing));
  if (isFromBrowser(timing)) return { from: 'browser', ms };
  const from = isFromCdn ? 'cdn' : tierOf(timing);
  return from && { from, ms };
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
  // Only resources are observed, so this is the type of all entries.
  const images = (entries as PerformanceResourceTiming[]).filter(({ initiatorType }) => initiatorType === 'img');
  timings = [...timings, ...images].slice(-MAX_TIMINGS);
}
