import type { WORKER_FILE } from '../../../plugin/protocol.ts';

/** Whether this script is the service worker itself, and not imported by the worker of the app, which decides for itself when it takes over. */
export const isAlone: boolean = self.location.pathname.endsWith(`/${'image-cache-sw.js' satisfies typeof WORKER_FILE}`);
