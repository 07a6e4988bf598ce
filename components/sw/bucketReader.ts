import type { OfflineStore, Readable } from '../client/offline/offlineStore.ts';

/** How long it is remembered that pages cannot read a bucket. */
const UNREADABLE_MS = 3_600_000;
/** How long that they can: its errors, which may lack the header, do not look like those of a bucket that pages cannot read. */
const READABLE_MS = 30 * 86_400_000;

/** Reads images of buckets so that they can be kept. */
export interface BucketReader {
  /** Requests an image by CORS, and as the page does if the bucket does not let pages read. */
  read(place: string, request: Request): Promise<Response>;
  /** Whether this worker knows that the bucket does not let pages read: its images are left to the browser. */
  isKnownUnreadable(place: string): boolean;
}

export function createBucketReader(store: Pick<OfflineStore, 'recall' | 'remember'>, now: () => number): BucketReader {
  const known = new Map<string, Readable>();

  const isRecent = (readable: Readable | undefined): readable is Readable =>
    readable !== undefined && now() - readable.at < (readable.ok ? READABLE_MS : UNREADABLE_MS);

  async function find(place: string): Promise<Readable | undefined> {
    const readable = known.get(place) ?? (await store.recall(`readable ${place}`).catch(() => undefined));
    return isRecent(readable) ? readable : undefined;
  }

  function remember(place: string, ok: boolean): void {
    const readable = { ok, at: now() };
    known.set(place, readable);
    store.remember(`readable ${place}`, readable).catch(() => {});
  }

  return {
    isKnownUnreadable(place) {
      const readable = known.get(place);
      return isRecent(readable) && !readable.ok;
    },
    async read(place, request) {
      const before = await find(place);
      if (before?.ok === false) {
        known.set(place, before);
        return fetch(request);
      }
      try {
        const response = await fetch(readableRequest(request));
        if (!before) remember(place, true);
        return response;
      } catch (error) {
        if (request.signal.aborted || request.mode === 'cors') throw error;
        // Either there is no network, or the bucket does not let pages read. Then the page gets what it would get without us.
        const plain = await fetch(request);
        // A bucket that can be read may leave the header out of its errors.
        if (plain.type === 'opaque' && !before) remember(place, false);
        return plain;
      }
    },
  };
}

/**
 * The same image, so that it can be read. `reload`: the browser may have an answer that an `<img>` without CORS has received, and would take that one,
 * which has no CORS headers (crbug.com/409090). No cookies: a bucket that allows all origins would refuse them.
 */
function readableRequest({ url, referrer, referrerPolicy, signal }: Request): Request {
  return new Request(url, { mode: 'cors', credentials: 'omit', cache: 'reload', referrer, referrerPolicy, signal });
}
