import type { LookupAnswer, ManifestEntry } from '../../plugin/protocol.ts';
import { imageKey } from './imageKey.ts';
import type { Registry } from './registry.ts';

/** URLs in one call: 500 presigned ones are about 700 kB, well below the server's `bodyLimit`. */
const MAX_URLS = 500;
/** How long {@link Lookup.confirm} gathers. */
const CONFIRM_DELAY_MS = 200;

export interface Lookup {
  /** Asks the server; everything asked for in one tick goes out as one call. */
  lookup(url: string): Promise<ManifestEntry | null>;
  /** Asks again, without haste, for images that were not cached and should be by now; an event may come first. */
  confirm(url: string): void;
}

interface Question {
  url: string;
  key: string;
  revision: number;
  resolve(entry: ManifestEntry | null): void;
  reject(error: unknown): void;
}

export function createLookup(ask: (urls: string[]) => Promise<LookupAnswer>, registry: Registry): Lookup {
  let waiting: Question[] = [];
  /** Waiting and in flight, by key and revision: an image that was thrown away meanwhile is asked for anew. */
  const pending = new Map<string, Promise<ManifestEntry | null>>();
  const unconfirmed = new Map<string, string>();

  function flush(): void {
    const questions = waiting;
    waiting = [];
    for (let start = 0; start < questions.length; start += MAX_URLS)
      void send(questions.slice(start, start + MAX_URLS));
  }

  async function send(questions: readonly Question[]): Promise<void> {
    try {
      const { entries } = await ask(questions.map(({ url }) => url));
      for (const { url, key, revision, resolve } of questions) {
        const entry = entries[url] ?? null;
        registry.learn(key, entry, revision);
        resolve(entry);
      }
    } catch (error) {
      for (const { reject } of questions) reject(error);
    }
  }

  async function lookup(url: string): Promise<ManifestEntry | null> {
    const key = imageKey(url);
    const { revision } = registry.get(key);
    const id = `${revision} ${key}`;
    const same = pending.get(id);
    if (same) return same;

    if (waiting.length === 0) queueMicrotask(flush);
    const answer = new Promise<ManifestEntry | null>((resolve, reject) => {
      waiting.push({ url, key, revision, resolve, reject });
    });
    pending.set(id, answer);
    try {
      return await answer;
    } finally {
      pending.delete(id);
    }
  }

  function confirmAll(): void {
    for (const [key, url] of unconfirmed) {
      // Nobody waits for the answer, and the image is on the screen already: a failure changes nothing.
      if (!registry.get(key).entry) lookup(url).catch(() => {});
    }
    unconfirmed.clear();
  }

  return {
    lookup,
    confirm(url) {
      if (unconfirmed.size === 0) setTimeout(confirmAll, CONFIRM_DELAY_MS);
      unconfirmed.set(imageKey(url), url);
    },
  };
}
