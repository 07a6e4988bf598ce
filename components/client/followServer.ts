import type { CacheClient } from './cacheClient.ts';

/**
 * Keeps a client up to date with the events of a server other than Vite's. The code for that is loaded separately. If it cannot be loaded,
 * images still show, but changes are noticed later.
 * @returns a function that stops it
 */
export function followServer(client: CacheClient): () => void {
  const { baseUrl } = client;
  const stop = new AbortController();
  if (baseUrl === undefined || typeof EventSource === 'undefined' || isToldByVite()) return () => {};
  import('./listenToServer.ts').then(
    ({ listenToServer }) => listenToServer(client, baseUrl, stop.signal),
    () => {}, // offline, or a deployment has replaced the file
  );
  return () => stop.abort();
}

/** In development the plugin sends events over Vite's own socket. */
function isToldByVite(): boolean {
  return import.meta.hot !== undefined && typeof __IMAGE_CACHE__ !== 'undefined';
}
