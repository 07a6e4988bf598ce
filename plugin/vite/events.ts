import type { ViteDevServer } from 'vite';
import type { ImageCache } from '../cache/index.ts';
import { publicEvent } from '../http/publicEntry.ts';
import { EVENT_NAME } from '../protocol.ts';

/**
 * Sends what happens in the cache to every page, over the socket that Vite has open to it anyway: an EventSource would
 * take one of the six connections that HTTP/1.1 allows a browser. Entries carry canonical URLs, never signed ones.
 */
export function forwardEvents(cache: ImageCache, server: ViteDevServer): void {
  cache.onEvent((event) => server.ws.send({ type: 'custom', event: EVENT_NAME, data: publicEvent(event) }));
}
