import type { CacheClient } from './cacheClient.ts';

/**
 * Keeps a client up to date with a server that is not Vite, which tells it of changes. The code for that is loaded separately; without
 * it, images still show, and changes are seen later.
 * @returns a function that stops
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

/** In dev, where the plugin is, events ride Vite's own socket. */
function isToldByVite(): boolean {
  return import.meta.hot !== undefined && typeof __IMAGE_CACHE__ !== 'undefined';
}
