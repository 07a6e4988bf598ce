import type { CacheEvent, ManifestEntry } from '../../plugin/protocol.ts';
import { imageKey } from './imageKey.ts';

/** What the page knows about one image. A new object whenever it changes, so that it can be compared by identity. */
export interface KnownImage {
  /** `null`: not in the cache; `undefined`: not known yet. */
  readonly entry: ManifestEntry | null | undefined;
  /** Counts the times the cached copy was thrown away or exchanged; goes into URLs so that the browser asks again. */
  readonly revision: number;
  /** The URL by which an element of this page has loaded it: with that the browser has it at once. */
  readonly loadedUrl?: string | undefined;
}

export const UNKNOWN: KnownImage = { entry: undefined, revision: 0 };

/** Images remembered; mounted ones are kept beyond it. */
const MAX_KNOWN = 20_000;

/** What the page knows about the server's cache, by {@link imageKey}. */
export interface KnownImages {
  get(key: string): KnownImage;
  /**
   * Takes in an answer. One that was asked for before the image was thrown away is dropped. Other bytes than those that were
   * known are a new revision, so that elements that show the old ones change to them.
   * @param revision the revision at the time of the question
   */
  set(key: string, entry: ManifestEntry | null, revision?: number): void;
  /** An element has loaded this image by a URL that read through the cache. No listener is called. */
  setLoaded(key: string, loadedUrl: string): void;
  /** Forgets a cached copy that could not be loaded. No listener is called: nothing has changed on the server. */
  distrust(key: string): void;
  /** Takes in what happened on the server. */
  apply(event: CacheEvent): void;
  /** Everything known to be cached; an object that is known by several keys comes several times. */
  entries(): ManifestEntry[];
  subscribe(keys: readonly string[], listener: () => void): () => void;
}

/** @param limit images remembered */
export function createKnownImages(limit = MAX_KNOWN): KnownImages {
  /** The oldest first. */
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
    // Deleted first: a Map keeps insertion order, which makes it a queue by age.
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

/** The digest of the bytes in S3: an image of which the server has made a smaller file is still the same. */
function originOf({ sha256, original_sha256 = sha256 }: ManifestEntry): string {
  return original_sha256;
}
