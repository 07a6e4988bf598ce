import type { LookupAnswer, LookupRequest, ManifestEntry } from '../../plugin/protocol.ts';
import { postJson } from './api.ts';
import { imageKey } from './imageKey.ts';
import type { KnownImages } from './knownImages.ts';

/** Maximum number of URLs in one call. 1,000 presigned URLs are about 1.4 MB, well below the server's `bodyLimit`. */
const MAX_URLS = 1_000;
/** How long {@link Lookup.confirm} gathers images for one call. */
const CONFIRM_DELAY_MS = 200;

export interface Lookup {
  /** Asks the server. All look-ups of one tick become one call. */
  lookup(url: string): Promise<ManifestEntry | null>;
  /** Asks again a moment later for images that were not cached and should be by now, unless an event has told about them first. */
  confirm(url: string): void;
}

/** A call that is not sent yet, so that more images can be added to it. */
interface Batch {
  urls: string[];
  answer: Promise<LookupAnswer>;
}

/** Finds the entry of a URL. The answer has each object only once, even if two of the URLs name the same object. */
function entryOf({ entries, same_as }: LookupAnswer, url: string, urls: readonly string[]): ManifestEntry | null {
  return entries[url] ?? entries[urls[same_as?.[url] ?? -1] ?? ''] ?? null;
}

export function createLookup(baseUrl: () => string | undefined, known: KnownImages): Lookup {
  let batch: Batch | undefined;
  /** Running look-ups, by key and revision: an image that was removed meanwhile is looked up again. */
  const pending = new Map<string, Promise<ManifestEntry | null>>();
  const unconfirmed = new Map<string, string>();

  function openBatch(): Batch {
    const urls: string[] = [];
    const answer = Promise.resolve().then(() => {
      if (batch?.urls === urls) batch = undefined;
      const body: LookupRequest = { urls };
      return postJson<LookupAnswer>(baseUrl(), '/lookup', body);
    });
    return { urls, answer };
  }

  async function send(url: string, key: string, revision: number): Promise<ManifestEntry | null> {
    if (!batch || batch.urls.length === MAX_URLS) batch = openBatch();
    batch.urls.push(url);
    const { urls, answer } = batch;
    const entry = entryOf(await answer, url, urls);
    known.set(key, entry, revision);
    return entry;
  }

  async function lookup(url: string): Promise<ManifestEntry | null> {
    const key = imageKey(url);
    const { revision } = known.get(key);
    const id = `${revision} ${key}`;
    const answer = pending.get(id) ?? send(url, key, revision).finally(() => pending.delete(id));
    pending.set(id, answer);
    return answer;
  }

  function confirmAll(): void {
    for (const [key, url] of unconfirmed) {
      // The image is on the screen already, so a failure changes nothing.
      if (!known.get(key).entry) lookup(url).catch(() => {});
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
