import type { ManifestEntry } from '../../plugin/protocol.ts';
import type { KnownImage } from './registry.ts';

/** The URL of bytes that are in the cache: immutable, so the browser's own cache answers the second time. */
function cachedUrl(mount: string, entry: ManifestEntry): string {
  return `${mount}/image?path=${encodeURIComponent(entry.local_path)}`;
}

/** The URL that answers from the cache, or downloads, stores and answers. */
function readThroughUrl(mount: string, url: string, revision: number, actorId?: string): string {
  const actor = actorId === undefined ? '' : `&actor_id=${encodeURIComponent(actorId)}`;
  // The server ignores `v`; to the browser it is a URL it has no copy of.
  const version = revision === 0 ? '' : `&v=${revision}`;
  return `${mount}/image?url=${encodeURIComponent(url)}${actor}${version}`;
}

export function localUrl(mount: string, url: string, { entry, revision }: KnownImage, actorId?: string): string {
  return entry ? cachedUrl(mount, entry) : readThroughUrl(mount, url, revision, actorId);
}
