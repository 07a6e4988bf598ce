import type { CacheEvent, ManifestEntry } from '../../plugin/protocol.ts';
import { imageKey } from './imageKey.ts';

/** What is known of one image. A new object whenever it changes, so that it can be compared by identity. */
export interface KnownImage {
  /** `null`: not in the cache; `undefined`: not known yet. */
  readonly entry: ManifestEntry | null | undefined;
  /** Counts the times the cached copy was thrown away; goes into URLs so that the browser asks again. */
  readonly revision: number;
}

export const UNKNOWN: KnownImage = { entry: undefined, revision: 0 };

/** What the page knows of the server's cache, by {@link imageKey}. */
export interface Registry {
  get(key: string): KnownImage;
  /**
   * Takes in an answer. One that was asked for before the image was thrown away is dropped.
   * @param revision the revision at the time of the question
   */
  learn(key: string, entry: ManifestEntry | null, revision?: number): void;
  /** A cached copy that could not be loaded is no longer believed in. Nobody is told: nothing changed on the server. */
  doubt(key: string): void;
  apply(event: CacheEvent): void;
  /** Everything known to be cached; an object that is known by several keys comes several times. */
  entries(): ManifestEntry[];
  subscribe(keys: readonly string[], listener: () => void): () => void;
}

/** @param limit images remembered; mounted ones are kept beyond it */
export function createRegistry(limit = 20_000): Registry {
  const known = new Map<string, KnownImage>();
  /** Other keys of the same object (path style, CDN host), by the key of its canonical URL. */
  const aliases = new Map<string, Set<string>>();
  const listeners = new Map<string, Set<() => void>>();

  function store(key: string, image: KnownImage): void {
    // Deleted first: a Map keeps insertion order, which makes it a queue by age.
    known.delete(key);
    known.set(key, image);
    if (image.entry) link(key, image.entry);
    if (known.size > limit) evict();
    for (const listener of Array.from(listeners.get(key) ?? [])) listener();
  }

  function link(key: string, entry: ManifestEntry): void {
    const canonical = imageKey(entry.s3_url);
    if (canonical === key) return;
    aliases.set(canonical, (aliases.get(canonical) ?? new Set()).add(key));
  }

  function evict(): void {
    for (const key of known.keys()) {
      if (listeners.has(key)) continue;
      known.delete(key);
      aliases.delete(key);
      if (known.size <= limit) return;
    }
  }

  const get = (key: string): KnownImage => known.get(key) ?? UNKNOWN;
  const keysOf = (s3Url: string): string[] => {
    const canonical = imageKey(s3Url);
    return [canonical, ...(aliases.get(canonical) ?? [])];
  };
  const learn: Registry['learn'] = (key, entry, revision = get(key).revision) => {
    if (revision === get(key).revision) store(key, { entry, revision });
  };
  const forget = (key: string): void => store(key, { entry: undefined, revision: get(key).revision + 1 });

  return {
    get,
    learn,
    doubt(key) {
      known.set(key, { entry: undefined, revision: get(key).revision });
    },
    apply(event) {
      if (event.type === 'stored') {
        for (const key of keysOf(event.entry.s3_url)) learn(key, event.entry);
        return;
      }
      const everything = event.type === 'cleared' && event.actor_id === undefined;
      const keys = everything ? [...known.keys(), ...listeners.keys()] : event.s3_urls.flatMap(keysOf);
      for (const key of new Set(keys)) forget(key);
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
