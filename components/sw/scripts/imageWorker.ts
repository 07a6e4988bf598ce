/** The script that `vite build` writes with the option `serviceWorker`. */
import { handleImages } from '../handleImages.ts';
import type { ImageWorkerOptions } from '../imageWorkerOptions.ts';
import { isAlone } from './isAlone.ts';

declare const self: ServiceWorkerGlobalScope;
/** The plugin writes them around this script. A path is resolved at the address of the worker. */
declare const IMAGE_CACHE_WORKER_OPTIONS: ImageWorkerOptions & { readonly base: string | false };

const { base, ...others } = IMAGE_CACHE_WORKER_OPTIONS;
handleImages({ ...others, base: base === false ? false : new URL(base, self.location.href).href });

if (isAlone) {
  // It answers requests for pictures only, so a page need not be of its version.
  self.addEventListener('install', () => void self.skipWaiting());
  self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
}
