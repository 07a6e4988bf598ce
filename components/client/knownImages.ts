import type { CacheEvent, ManifestEntry } from '../../plugin/protocol.ts';
import { imageKey } from './imageKey.ts';

/** What the page knows about one image. It is a new object after each change, so that objects can be compared by identity. */
export interface KnownImage {
  /** `null`: the image is not cached. `undefined`: this is not known yet. */
  readonly entry: ManifestEntry | null | undefined;
  /** How often the cached copy was removed or replaced. It is part of URLs, so that the browser requests the image again. */
  readonly revision: number;
  /** The URL by which an element of this page has loaded the image. With this URL the browser shows it at once. */
  readonly loadedUrl?: string | undefined;
}

export const UNKNOWN: KnownImage = { entry: undefined, revision: 0 };

/** Maximum number of images that are remembered. Mounted images are kept beyond this limit. */
const MAX_KNOWN = 20_000;

/** What the page knows about the server's cache, by {@link imageKey}. */
export interface KnownImages {
  get(key: string): KnownImage;
  /**
   * Takes in an answer of the server. It is ignored if the image was removed after the request was sent. If the bytes have changed, the
   * revision changes as well, so that elements that show the old bytes load the new ones.
   * @param revision the revision at the time of the request
   */
  set(key: string, entry: ManifestEntry | null, revision?: number): void;
  /** Notes that an element has loaded this image through the cache by this URL. No listener is called. */
  setLoaded(key: string, loadedUrl: string): void;
  /** Forgets a cached copy that could not be loaded. No listener is called, because nothing has changed on the server. */
  distrust(key: string): void;
  /** Takes in an event of the server. */
  apply(event: CacheEvent): void;
  /** All entries that are known. An object with several keys occurs several times. */
  entries(): ManifestEntry[];
  subscribe(keys: readonly string[], listener: () => void): () => void;
}

/** @param limit maximum number of images that are remembered */
export function createKnownImages(limit = MAX_KNOWN): KnownImages {
  /** Known images, the oldest first. */
  const known = new Map<string, KnownImage>();
  const listeners = new Map<string, Set<() => void>>();
  /** Other keys of the same object (path style, CDN host), by the key of its canonical URL. */
  const aliases = new Map<string, Set<string>>();

  const get = (key: string): KnownImage => known.get(key) ?? UNKNOWN;

  function keysOf(s3Url: string): string[] {
    const canonical = imageKey(s3Url);
    return [canonical, ...(aliases.get(canonical) ?? [])];
  }

  function store(key: string, image: KnownImage): void {
    // Deleted first, so that the order of the Map is that of the last change.
    known.delete(key);
    known.set(key, image);
    const canonical = image.entry ? imageKey(image.entry.s3_url) : key;
    if (canonical !== key) aliases.set(canonical, (aliases.get(canonical) ?? new Set()).add(key));
    evict();
    for (const listener of Array.from(listeners.get(key) ?? [])) listener();
  }

  function evict(): void {
    for (const [key, { entry }] of known) {
      if (known.size <= limit) return;
      if (listeners.has(key)) continue;
      known.delete(key);
      const canonical = imageKey(entry?.s3_url ?? key);
      const names = aliases.get(canonical);
      names?.delete(key);
      if (names?.size === 0) aliases.delete(canonical);
    }
  }

  function set(key: string, entry: ManifestEntry | null, revision = get(key).revision): void {
    const before = get(key);
    if (revision !== before.revision) return;
    const isExchanged = before.entry && entry && originOf(before.entry) !== originOf(entry);
    store(key, isExchanged ? { entry, revision: revision + 1 } : { ...before, entry });
  }

  return {
    get,
    set,
    setLoaded: (key, loadedUrl) => void known.set(key, { ...get(key), loadedUrl }),
    distrust: (key) => void known.set(key, { entry: undefined, revision: get(key).revision }),
    apply(event) {
      if (event.type === 'stored') {
        for (const key of keysOf(event.entry.s3_url)) set(key, event.entry);
        return;
      }
      const everything = event.type === 'cleared' && event.actor_id === undefined;
      const keys = everything ? [...known.keys(), ...listeners.keys()] : event.s3_urls.flatMap(keysOf);
      for (const key of new Set(keys)) store(key, { entry: undefined, revision: get(key).revision + 1 });
    },
    entries: () => Array.from(known.values(), ({ entry }) => entry ?? []).flat(),
    subscribe(keys, listener) {
      for (const key of keys) listeners.set(key, (listeners.get(key) ?? new Set()).add(listener));
      return () => {
        for (const key of keys) {
          const own = listeners.get(key);
          own?.delete(listener);
          if (own?.size === 0) listeners.delete(key);
        }
      };
    },
  };
}

/** The digest of the bytes in S3. It stays the same when the server replaces an image by a smaller file. */
function originOf({ sha256, original_sha256 = sha256 }: ManifestEntry): string {
  return original_sha256;
}
