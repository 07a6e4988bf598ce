import type { CacheTier } from '../../plugin/protocol.ts';
import { durationOf, isBufferFull, isFromBrowser, tierOf } from '../client/timing.ts';

/** How the page has loaded a URL for the last time. */
export interface Load {
  /** `undefined` if neither the browser nor the server says so. */
  from: CacheTier | 'browser' | undefined;
  /** `undefined` without a request. */
  ms?: number;
  /** Whether the server has behaved as in its simulation, and says so. */
  isSimulated?: boolean;
}

/** What the page has loaded, as far as it is known. */
export interface Loads {
  of(url: string): Load;
  stop(): void;
}

/** Maximum number of URLs that are remembered; the oldest is forgotten first. */
const MAX_LOADS = 5_000;
/** Those who request images. A preload is a `link`. */
const IMAGES = /^(?:img|image|link|early-hint)/;

/**
 * Observes what the page loads, and what it has loaded so far. It does not ask for entries by name, because the page's own buffer ends at
 * 250 of them, and a page in development loads more modules than that.
 * @param onLoad called when a load has become known
 */
export function observeLoads(onLoad: () => void): Loads {
  const loads = new Map<string, Load>();
  /** If no request can have been missed, the document had the picture already. */
  const unseen: Load = { from: isBufferFull() ? undefined : 'browser' };

  function keep(entries: readonly PerformanceEntry[]): void {
    // Only resources are observed, so this is the type of all entries.
    for (const timing of entries as PerformanceResourceTiming[]) {
      if (!IMAGES.test(timing.initiatorType)) continue;
      loads.delete(timing.name); // so that the order of the Map is that of the last load
      loads.set(timing.name, toLoad(timing));
      onLoad();
    }
    for (const [url] of loads) {
      if (loads.size <= MAX_LOADS) return;
      loads.delete(url);
    }
  }

  const observer = new PerformanceObserver((list) => keep(list.getEntries()));
  observer.observe({ type: 'resource', buffered: true });
  return {
    of(url) {
      keep(observer.takeRecords());
      return loads.get(url) ?? unseen;
    },
    stop: () => observer.disconnect(),
  };
}

function toLoad(timing: PerformanceResourceTiming): Load {
  return {
    from: isFromBrowser(timing) ? 'browser' : tierOf(timing),
    ms: durationOf(timing),
    isSimulated: (timing.serverTiming ?? []).some(({ name }) => name === 'simulated'),
  };
}
