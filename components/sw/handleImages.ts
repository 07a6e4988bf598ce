import { createImageHandler } from './createImageHandler.ts';
import type { ImageWorkerOptions } from './imageWorkerOptions.ts';

declare const self: ServiceWorkerGlobalScope;

/**
 * Lets a service worker keep pictures for offline pages. It adds a listener of its own, which answers requests for pictures and leaves all others to
 * the listeners after it: call it at the top of your worker, before those of Workbox or Serwist.
 * @throws Error with a `code` and a `hint` if an option is wrong
 * @example
 * handleImages({ buckets: ['team-photos'], maxSize: '200MB' });
 */
export function handleImages(options: ImageWorkerOptions): void {
  const { match, respond } = createImageHandler(options);
  self.addEventListener('fetch', (event) => {
    if (match(event)) event.respondWith(respond(event));
  });
}
