import type { KnownImage } from './knownImages.ts';

/**
 * The same-origin URL of an image. Of one in the cache: that by which this page has loaded it, so that it is there at once when it is
 * shown again; else an immutable one, so the browser's own cache answers the second time.
 * Of any other: one that answers from the cache, or downloads, stores and answers.
 */
export function localUrl(baseUrl: string, url: string, image: KnownImage, actorId?: string): string {
  const { entry, revision, loadedUrl } = image;
  if (entry && loadedUrl !== undefined) return loadedUrl;
  if (entry) return `${baseUrl}/image?path=${encodeURIComponent(entry.local_path)}`;
  const actor = actorId === undefined ? '' : `&actor_id=${encodeURIComponent(actorId)}`;
  // The server ignores `v`; to the browser it is a URL it has no copy of.
  const version = revision === 0 ? '' : `&v=${revision}`;
  return `${baseUrl}/image?url=${encodeURIComponent(url)}${actor}${version}`;
}
