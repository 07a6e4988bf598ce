import type { ImageCacheRequestError } from './api.ts';
import { defaultClient } from './cacheClient.ts';
import { isOffline } from './config.ts';
import { fetchImage } from './fetchImage.ts';
import { avoidCdn } from './imageCdn.ts';
import { pageOrigin } from './imageKey.ts';
import { getImageProps } from './imageProps.ts';
import { bestUrls } from './imageSource.ts';
import { problemOf } from './problemOf.ts';

export interface ProxiedImageOptions {
  /** The actor that uses the image, in case it has to be downloaded. */
  actor_id?: string;
}

/**
 * Returns the same-origin URL of an S3 image, for a `background-image`, a canvas (which then needs no CORS) or a download link. It is
 * synchronous: if the image is known to be cached, the URL is immutable, otherwise the server downloads the image when the URL is
 * requested. It is never the URL of a CDN. Without a server, and for a URL that is relative or of this origin, it returns the URL that was given.
 * @example const url = getProxiedImageUrl(backendUrl);
 */
export function getProxiedImageUrl(url: string, { actor_id }: ProxiedImageOptions = {}): string {
  return getImageProps({ src: url, actor_id }).src ?? url;
}

export interface PreloadResult {
  loaded: string[];
  /** URLs for which neither the cache nor the original URL provided an image. */
  failed: string[];
  /** One result for each URL, in the same order. */
  results: PreloadedImage[];
}

/** How one image of a preload ended. */
export type PreloadedImage =
  | { url: string; status: 'loaded'; from: 'cache' | 'original' }
  /** `error` is what the server says about the image. It is absent without a server, or if the server finds nothing wrong. */
  | { url: string; status: 'failed'; error?: ImageCacheRequestError };

/**
 * Loads images before they are shown, into the server's cache and the browser's. Never rejects. Does nothing if there is no document
 * (SSR).
 * @example
 * const { results } = await preloadImages(conceptUrls);
 */
export async function preloadImages(
  urls: readonly string[],
  options: ProxiedImageOptions = {},
): Promise<PreloadResult> {
  if (typeof Image === 'undefined') return { loaded: [], failed: [], results: [] };

  const cacheable = urls.filter((url) => getProxiedImageUrl(url, options) !== url);
  // Once the entries are known, the images are preloaded by the same URLs that are rendered later.
  await Promise.all(cacheable.map((url) => fetchImage(defaultClient, url, options.actor_id)));
  const results = await Promise.all(urls.map((url) => preload(url, options)));
  const urlsOf = (status: PreloadedImage['status']): string[] =>
    results.flatMap((result) => (result.status === status ? result.url : []));
  return { loaded: urlsOf('loaded'), failed: urlsOf('failed'), results };
}

async function preload(url: string, options: ProxiedImageOptions): Promise<PreloadedImage> {
  const { baseUrl, imageBase, known } = defaultClient;
  const request = { url, actorId: options.actor_id, baseUrl, imageBase, pageOrigin: pageOrigin() };
  const { src: proxied = url, crossOrigin, cdn } = bestUrls(request, known) ?? {};
  const isProxied = proxied !== url;
  if (await load(proxied, crossOrigin)) return { url, status: 'loaded', from: isProxied ? 'cache' : 'original' };
  if (cdn !== undefined) {
    avoidCdn(cdn);
    return preload(url, options);
  }
  const isForbidden = import.meta.env?.DEV && baseUrl !== undefined && isOffline(baseUrl);
  if (isProxied && !isForbidden && (await load(url))) return { url, status: 'loaded', from: 'original' };
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
