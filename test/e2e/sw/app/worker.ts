/** A worker of the app, for `injectManifest` of vite-plugin-pwa. Our part is a route of Workbox. */
import { precacheAndRoute } from 'workbox-precaching';
import { registerRoute } from 'workbox-routing';
import { createImageHandler } from 'vite-plugin-image-cache/sw';

declare const self: EventTarget & {
  __WB_MANIFEST: { url: string; revision: string | null }[];
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
};
/** The test says it. */
declare const BUCKETS: { name: string; endpoint: string }[];

const { match, respond } = createImageHandler({ buckets: BUCKETS });
registerRoute(match, respond);
precacheAndRoute(self.__WB_MANIFEST);
registerRoute(
  ({ url }) => url.pathname.endsWith('/data.json'),
  async ({ request }) => {
    const cache = await caches.open('data');
    const answer = await fetch(request).catch(() => cache.match(request));
    if (answer === undefined) return Response.error();
    await cache.put(request, answer.clone());
    return answer;
  },
);

self.addEventListener('install', () => void self.skipWaiting());
self.addEventListener('activate', () => void self.clients.claim());
