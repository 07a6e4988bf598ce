import type { ImageCacheRequestError } from './api.ts';
import { defaultClient } from './cacheClient.ts';
import { fetchImage } from './fetchImage.ts';
import { getImageProps } from './imageProps.ts';
import { problemOf } from './problemOf.ts';

export interface ProxiedImageOptions {
  /** The actor that uses the image, should it have to be downloaded. */
  actor_id?: string;
}

/**
 * The same-origin URL of an S3 image, for `background-image`, a canvas (no CORS involved), a download link.
 * Synchronous: the immutable URL when the image is known to be cached, one that reads through when not. Without a
 * server, and for a URL that is not absolute or is of this origin, it is the URL that was given.
 * @example const url = getProxiedImageUrl(backendUrl);
 */
export function getProxiedImageUrl(url: string, { actor_id }: ProxiedImageOptions = {}): string {
  return getImageProps({ src: url, actor_id }).src ?? url;
}

export interface PreloadResult {
  loaded: string[];
  /** Neither the cache nor the original URL brought an image. */
  failed: string[];
  /** One for each URL, in their order. */
  results: PreloadedImage[];
}

/** How one image of a preload ended. */
export type PreloadedImage =
  | { url: string; status: 'loaded'; from: 'cache' | 'original' }
  /** `error` says what is wrong, as the server knows it; it is absent without a server, or when the server finds nothing wrong. */
  | { url: string; status: 'failed'; error?: ImageCacheRequestError };

/**
 * Loads images before they are shown, into the server's cache and the browser's. Never rejects. Does nothing where
 * there is no document (SSR).
 * @example
 * const { results } = await preloadImages(conceptUrls);
 */
export async function preloadImages(
  urls: readonly string[],
  options: ProxiedImageOptions = {},
): Promise<PreloadResult> {
  if (typeof Image === 'undefined') return { loaded: [], failed: [], results: [] };

  const cacheable = urls.filter((url) => getProxiedImageUrl(url, options) !== url);
  // When the entries are known, the images are preloaded by the same URLs that are rendered later. The rest is read through.
  await Promise.all(cacheable.map((url) => fetchImage(defaultClient, url, options.actor_id)));
  const results = await Promise.all(urls.map((url) => preload(url, options)));
  const urlsOf = (status: PreloadedImage['status']): string[] =>
    results.flatMap((result) => (result.status === status ? result.url : []));
  return { loaded: urlsOf('loaded'), failed: urlsOf('failed'), results };
}

async function preload(url: string, options: ProxiedImageOptions): Promise<PreloadedImage> {
  const { src: proxied = url, crossOrigin } = getImageProps({ src: url, ...options });
  const isProxied = proxied !== url;
  if (await load(proxied, crossOrigin)) return { url, status: 'loaded', from: isProxied ? 'cache' : 'original' };
  if (isProxied && (await load(url))) return { url, status: 'loaded', from: 'original' };
  const { baseUrl } = defaultClient;
  const error = isProxied && baseUrl !== undefined ? await problemOf(baseUrl, url, options.actor_id) : undefined;
  return { url, status: 'failed', ...(error && { error }) };
}

async function load(src: string, crossOrigin?: 'anonymous' | 'use-credentials'): Promise<boolean> {
  const image = new Image();
  image.crossOrigin = crossOrigin ?? null;
  return new Promise((resolve) => {
    image.addEventListener('load', () => resolve(true));
    image.addEventListener('error', () => resolve(false));
    image.src = src;
  });
}
