import type {
  CacheEvent,
  CacheStats,
  ClearAnswer,
  ExistsAnswer,
  InvalidateAnswer,
  InvalidateRequest,
} from '../../plugin/protocol.ts';
import { getJson, postJson } from './api.ts';
import { type CacheClient, defaultClient } from './cacheClient.ts';
import { imageKey } from './imageKey.ts';
import { perClient } from './perClient.ts';

/** Looks into the cache and clears it. Calls reject with an `ImageCacheRequestError`. */
export interface ImageCache extends Pick<CacheClient, 'lookup'> {
  /** @param image a URL, or the `local_path` of an entry */
  exists(image: string): Promise<boolean>;
  getStats(): Promise<CacheStats>;
  /** Removes one image from the cache, e.g. because it was deleted or replaced in S3. Elements that show it fetch it again. */
  invalidate(s3_url: string): Promise<InvalidateAnswer>;
  /** Removes the images that only this actor uses. */
  clearActorCache(actor_id: string): Promise<ClearAnswer>;
  clearAll(): Promise<ClearAnswer>;
  /** Calls the listener with all changes of the cache, including those by other pages. They come over Vite's socket or `GET /events`. */
  subscribe(listener: (event: CacheEvent) => void): () => void;
}

function createImageCache(client: CacheClient): ImageCache {
  const { known } = client;

  /**
   * Calls the server, then emits the change, unless the server's own event has arrived meanwhile. If that event arrives after the answer,
   * mounted images are revalidated twice, which costs a 304.
   */
  async function change<T>(path: string, body: unknown, toEvent: () => CacheEvent): Promise<T> {
    let isAnnounced = false;
    const stop = client.subscribe(({ type }) => {
      if (type !== 'stored') isAnnounced = true;
    });
    try {
      const answer = await postJson<T>(client.baseUrl, path, body);
      if (!isAnnounced) client.take(toEvent());
      return answer;
    } finally {
      stop();
    }
  }

  function cachedUrls(isMeant: (actorId: string) => boolean): string[] {
    return known.entries().flatMap(({ actor_id, s3_url }) => (isMeant(actor_id) ? s3_url : []));
  }

  const cache: ImageCache = {
    lookup: client.lookup,
    subscribe: client.subscribe,
    async exists(image) {
      const parameter = /^[a-z][a-z\d+.-]+:/i.test(image) ? 'url' : 'path';
      const query = `${parameter}=${encodeURIComponent(image)}`;
      return (await getJson<ExistsAnswer>(client.baseUrl, `/exists?${query}`)).exists;
    },
    getStats: async () => getJson<CacheStats>(client.baseUrl, '/stats'),
    async invalidate(s3_url) {
      const body: InvalidateRequest = { s3_url };
      // Events carry no signatures.
      const key = imageKey(s3_url);
      const canonical = known.get(key).entry?.s3_url ?? key;
      return change('/invalidate', body, () => ({ type: 'invalidated', s3_urls: [canonical] }));
    },
    async clearActorCache(actor_id) {
      const s3_urls = (): string[] => cachedUrls((id) => id === actor_id);
      const path = `/clear/${encodeURIComponent(actor_id)}`;
      return change(path, undefined, () => ({ type: 'cleared', actor_id, s3_urls: s3_urls() }));
    },
    async clearAll() {
      return change('/clear-all', undefined, () => ({ type: 'cleared', s3_urls: cachedUrls(() => true) }));
    },
  };
  return Object.assign(() => refuseCall(), cache);
}

/** The plugin has the same name. Without this, a vite.config.ts that imports it from here would fail with "imageCache is not a function". */
function refuseCall(): never {
  throw new Error(
    "This imageCache is for pages. In vite.config.ts, write: import { imageCache } from 'vite-plugin-image-cache';",
  );
}

/** The one `ImageCache` of a client. */
export const imageCacheOf = /* @__PURE__ */ perClient(createImageCache);

/**
 * The cache behind this page, found through the plugin or `configureImageCache()`.
 * @example const stats = await imageCache.getStats();
 */
export const imageCache: ImageCache = /* @__PURE__ */ imageCacheOf(defaultClient);
