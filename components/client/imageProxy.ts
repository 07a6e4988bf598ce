import { defaultClient } from './cacheClient.ts';
import { imageKey, isCacheable, pageOrigin } from './imageKey.ts';
import { localUrl } from './imageUrl.ts';

export interface ProxiedImageOptions {
  /** Whose image it is, should it have to be downloaded. */
  actor_id?: string;
}

/**
 * The same-origin URL of an S3 image, for `background-image`, a canvas (no CORS involved), a download link.
 * Synchronous: the immutable URL when the image is known to be cached, one that reads through when not. Without a
 * server, and for what is no absolute URL of another origin, it is the URL that was given.
 * @example const url = getProxiedImageUrl(backendUrl);
 */
export function getProxiedImageUrl(url: string, { actor_id }: ProxiedImageOptions = {}): string {
  const { mount, registry } = defaultClient;
  if (mount === undefined || url.startsWith(`${mount}/`) || !isCacheable(url, pageOrigin())) return url;
  return localUrl(mount, url, registry.get(imageKey(url)), actor_id);
}

export interface PreloadResult {
  loaded: string[];
  /** Neither the cache nor the original URL brought an image. */
  failed: string[];
}

/**
 * Loads images before they are shown, into the server's cache and the browser's. Never rejects. Does nothing where
 * there is no document (SSR).
 * @example await preloadImages(conceptUrls);
 */
export async function preloadImages(
  urls: readonly string[],
  options: ProxiedImageOptions = {},
): Promise<PreloadResult> {
  const result: PreloadResult = { loaded: [], failed: [] };
  if (typeof Image === 'undefined') return result;

  const cacheable = urls.filter((url) => getProxiedImageUrl(url, options) !== url);
  // With the entries known, what is preloaded has the very URL that is rendered later. Without, it reads through.
  await Promise.allSettled(cacheable.map((url) => defaultClient.lookup(url)));
  await Promise.all(
    urls.map(async (url) => {
      const proxied = getProxiedImageUrl(url, options);
      const loaded = (await load(proxied)) || (proxied !== url && (await load(url)));
      result[loaded ? 'loaded' : 'failed'].push(url);
    }),
  );
  return result;
}

async function load(src: string): Promise<boolean> {
  const image = new Image();
  return new Promise((resolve) => {
    image.addEventListener('load', () => resolve(true));
    image.addEventListener('error', () => resolve(false));
    image.src = src;
  });
}
