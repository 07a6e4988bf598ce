import type { CacheEvent, EVENT_NAME } from '../../plugin/protocol.ts';

/** Where the server's own word of what happened in the cache comes from. */
export interface CacheEvents {
  subscribe(listener: (event: CacheEvent) => void): () => void;
}

/** Types only are imported from the server's side, so the name is spelled here and checked by its type. */
const EVENT: typeof EVENT_NAME = 'image-cache:event';

/** Vite's HMR socket; silent without one (SSR, and production, where `followServer` takes its place). */
export const viteEvents: CacheEvents = {
  subscribe(listener) {
    const hot = import.meta.hot;
    if (!hot) return () => {};
    hot.on(EVENT, listener);
    return () => hot.off(EVENT, listener);
  },
};
