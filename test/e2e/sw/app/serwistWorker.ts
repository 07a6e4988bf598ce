/** A worker of the app, with Serwist. Our part is a listener before its own. */
import { NetworkFirst, type PrecacheEntry, Serwist } from 'serwist';
import { handleImages } from 'vite-plugin-image-cache/sw';

/** The test says both. */
declare const BUCKETS: { name: string; endpoint: string }[];
declare const MANIFEST: PrecacheEntry[];

handleImages({ buckets: BUCKETS });

const serwist = new Serwist({
  precacheEntries: MANIFEST,
  skipWaiting: true,
  clientsClaim: true,
  runtimeCaching: [{ matcher: ({ url }) => url.pathname.endsWith('/data.json'), handler: new NetworkFirst() }],
});
serwist.addEventListeners();
