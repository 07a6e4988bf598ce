import type { KnownImage } from './knownImages.ts';

/**
 * The same-origin URL of an image. If this page has loaded the cached image already, it is the same URL again, so that the browser shows it
 * at once. If the image is known to be cached, it is an immutable URL, which the browser's own cache answers the second time. Otherwise
 * the server answers the URL from its cache, or downloads the image first.
 */
export function localUrl(baseUrl: string, url: string, image: KnownImage, actorId?: string): string {
  const { entry, revision, loadedUrl } = image;
  if (entry && loadedUrl !== undefined) return loadedUrl;
  if (entry) return `${baseUrl}/image?path=${encodeURIComponent(entry.local_path)}`;
  const actor = actorId === undefined ? '' : `&actor_id=${encodeURIComponent(actorId)}`;
  // The server ignores `v`. To the browser it is a new URL, of which it has no copy.
  const version = revision === 0 ? '' : `&v=${revision}`;
  return `${baseUrl}/image?url=${encodeURIComponent(url)}${actor}${version}`;
}
