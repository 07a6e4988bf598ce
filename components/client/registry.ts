import type { ManifestEntry } from '../../plugin/protocol.ts';
import { imageKey } from './imageKey.ts';

/** What is known of one image. A new object whenever it changes, so that it can be compared by identity. */
export interface KnownImage {
  /** `null`: not in the cache; `undefined`: not known yet. */
  readonly entry: ManifestEntry | null | undefined;
  /** Counts the times the cached copy was thrown away or exchanged; goes into URLs so that the browser asks again. */
  readonly revision: number;
}

export const UNKNOWN: KnownImage = { entry: undefined, revision: 0 };

/**
 * What the page knows of the server's cache, by `imageKey`. What it learns from the server goes in by
 * {@link file://./registryChanges.ts}: that is loaded with the first question.
 */
export interface Registry {
  /**
   * {@link imageKey}, for what is loaded later: if that imported anything of what every page loads first, both would be
   * divided into more files.
   */
  keyOf(url: string): string;
  get(key: string): KnownImage;
  /** A cached copy that could not be loaded is no longer believed in. Nobody is told: nothing changed on the server. */
  doubt(key: string): void;
  subscribe(keys: readonly string[], listener: () => void): () => void;
  /** The oldest first. */
  readonly known: Map<string, KnownImage>;
  readonly listeners: Map<string, Set<() => void>>;
}

export function createRegistry(): Registry {
  const known: Registry['known'] = new Map();
  const listeners: Registry['listeners'] = new Map();
  const get = (key: string): KnownImage => known.get(key) ?? UNKNOWN;

  return {
    keyOf: imageKey,
    known,
    listeners,
    get,
    doubt(key) {
      known.set(key, { entry: undefined, revision: get(key).revision });
    },
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
