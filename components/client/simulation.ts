import type { SIMULATION_EVENT_NAME, SimulationNews } from '../../plugin/protocol.ts';
import type { ImageUrls } from './imageLoad.ts';
import { UNKNOWN } from './knownImages.ts';
import { localUrl } from './localUrl.ts';
import { mapSrcSet } from './srcSet.ts';

const NAME = 'image-cache:simulation' satisfies typeof SIMULATION_EVENT_NAME;

let isOn = false;

/** Asks Vite's server whether a simulation is on, and listens from then on. Builds leave this out. */
export function watchSimulation(): void {
  if (typeof document === 'undefined') return;
  import.meta.hot?.on(NAME, (news: SimulationNews) => {
    isOn = news.isOn;
  });
  import.meta.hot?.send(NAME);
}

/**
 * The original URLs of an image while a simulation is on. S3 knows nothing of it, and would answer; so they lead through the server, which
 * does what it would do. They must be other URLs than those that have failed already.
 */
export function simulatedOriginal(original: ImageUrls, baseUrl: string, actorId: string | undefined): ImageUrls {
  if (!isOn) return original;
  const map = (url: string): string => `${localUrl(baseUrl, url, UNKNOWN, actorId)}&v=original`;
  const { src, srcSet } = original;
  return { src: src && map(src), srcSet: srcSet && mapSrcSet(srcSet, map) };
}
