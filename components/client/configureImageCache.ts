import { defaultClient } from './cacheClient.ts';
import { configure, type ImageCacheConfig } from './config.ts';
import { followServer } from './followServer.ts';

let unfollow: (() => void) | undefined;

/**
 * Sets the URL of the API where the plugin does not: in a production build whose server uses `createImageCache()`. The page then follows the
 * changes of that server, over one connection for all tabs of the browser (`GET /events`). In development this would override the plugin.
 * @example if (import.meta.env.PROD) configureImageCache({ base: '/api/cache' });
 */
export function configureImageCache(config: ImageCacheConfig): void {
  unfollow?.();
  configure(config);
  unfollow = followServer(defaultClient);
}
