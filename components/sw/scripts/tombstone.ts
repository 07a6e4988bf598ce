/** The script that `vite build` writes with `serviceWorker: false`. It removes what an earlier one has kept, and nothing else. */
import { deleteOfflineDatabase } from '../../client/offline/openOfflineDatabase.ts';
import { isAlone } from './isAlone.ts';

declare const self: ServiceWorkerGlobalScope;

async function leave(): Promise<void> {
  // Without storage, there is nothing to remove.
  await deleteOfflineDatabase().catch(() => {});
  if (isAlone) await self.registration.unregister();
}

if (isAlone) self.addEventListener('install', () => void self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(leave()));
