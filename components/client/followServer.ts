import type { CacheClient } from './cacheClient.ts';

/**
 * Keeps a client true to a server that is not Vite: what it knows of is told to it as it changes. What that takes is
 * loaded apart; without it, images show as ever and changes are seen later.
 * @returns a function that stops
 */
export function followServer(client: CacheClient): () => void {
  const { mount } = client;
  const stop = new AbortController();
  if (mount === undefined || typeof EventSource === 'undefined' || isToldByVite()) return () => {};
  import('./serverEvents.ts').then(
    ({ listenToServer }) => listenToServer(client, mount, stop.signal),
    () => {}, // offline, or a deployment has replaced the file
  );
  return () => stop.abort();
}

/** In dev, where the plugin is, events ride Vite's own socket. */
function isToldByVite(): boolean {
  return import.meta.hot !== undefined && typeof __IMAGE_CACHE__ !== 'undefined';
}
