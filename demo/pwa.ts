import type { Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';

/**
 * Makes an app of the build that opens without a network: Workbox keeps the page and the last answer of the backend, and our script, which it imports, the
 * pictures.
 */
export function pwaPlugin(): Plugin[] {
  return VitePWA({
    injectRegister: false, // see src/startOffline.ts
    manifest: false, // it need not be installed
    workbox: {
      importScripts: ['image-cache-sw.js'],
      globIgnores: ['image-cache-sw.js'],
      skipWaiting: true,
      clientsClaim: true,
      navigateFallbackDenylist: [/^\/(?:api|demo|__image-cache)(?:\/|$)/],
      runtimeCaching: [{ urlPattern: /\/demo\/actors/, handler: 'NetworkFirst' }],
    },
  });
}
