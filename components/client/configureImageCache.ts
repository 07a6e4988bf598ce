import { defaultClient } from './cacheClient.ts';
import { configure, type ImageCacheConfig } from './config.ts';
import { followServer } from './followServer.ts';

let unfollow: (() => void) | undefined;

/**
 * Says where the server is when the plugin does not: in a production build in front of `createImageCache()`. The page follows the changes
 * of that server over one connection for the whole browser (`GET /events`). In dev this would take precedence over the plugin.
 * @example if (import.meta.env.PROD) configureImageCache({ base: '/api/cache' });
 */
export function configureImageCache(config: ImageCacheConfig): void {
  unfollow?.();
  configure(config);
  unfollow = followServer(defaultClient);
}
