import { defaultClient } from './cacheClient.ts';
import { configure, type ImageCacheConfig } from './config.ts';
import { followServer } from './followServer.ts';

let unfollow: (() => void) | undefined;

/**
 * Says where the server is, for what is not told by the plugin: a production build in front of `createImageCache()`.
 * What changes there is heard of over one connection a browser (`GET /events`). In dev it would be stronger than the plugin.
 * @example if (import.meta.env.PROD) configureImageCache({ base: '/api/cache' });
 */
export function configureImageCache(config: ImageCacheConfig): void {
  unfollow?.();
  configure(config);
  unfollow = followServer(defaultClient);
}
