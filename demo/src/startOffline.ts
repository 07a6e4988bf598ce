import { configureImageCache } from 'vite-plugin-image-cache/react';
import { setOfflineUser } from 'vite-plugin-image-cache/sw';

/** How long the first visit waits for its service worker. */
const PATIENCE_MS = 10_000;

/** What a production build does before it shows anything: it says where its server is, and for whom private pictures are kept. */
export async function startOffline(): Promise<void> {
  configureImageCache({ base: '/api/cache' });
  // An app has a login, and calls `clearOfflineImages()` at the log-out.
  await setOfflineUser('visitor').catch(() => {});
  await startWorker();
}

/** Pictures of the first visit are kept, too, since the worker is there before they are requested. */
async function startWorker(): Promise<void> {
  const { serviceWorker } = navigator as Partial<Navigator>; // a page without https has none
  if (serviceWorker === undefined) return;
  const registering = serviceWorker.register(`${import.meta.env.BASE_URL}sw.js`).catch(console.warn);
  if (serviceWorker.controller !== null) return;
  await registering;
  await new Promise<void>((resolve) => {
    serviceWorker.addEventListener('controllerchange', () => resolve(), { once: true });
    if (serviceWorker.controller !== null) resolve();
    setTimeout(resolve, PATIENCE_MS);
  });
}
