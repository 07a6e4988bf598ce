import type { CacheEvent, EVENT_NAME, ManifestEntry } from '../../plugin/protocol.ts';
import { configuredBaseUrl, onConfigure } from './config.ts';
import { createDirectImages, type DirectImages } from './directImages.ts';
import type { ImageFetching } from './imageFetching.ts';
import { createKnownImages, type KnownImages } from './knownImages.ts';
import { createSubscribable } from './subscribable.ts';

/** All that an image needs from the cache to be shown. `imageCache` and `prefetchManager` are built on it. */
export interface CacheClient {
  /** Where the API is mounted; `undefined` when there is none, and then nothing is ever sent. */
  readonly baseUrl: string | undefined;
  onBaseUrlChange(listener: () => void): () => void;
  /** Entries that this page already knows. */
  readonly known: KnownImages;
  /** The images that the page's elements ask for by themselves. */
  readonly direct: DirectImages;
  /** Loads the code that asks the server. Rejects when that cannot be loaded. */
  fetching(): Promise<ImageFetching>;
  /** The entry of an image; `null` when it is not cached. All calls of one tick become one request. */
  lookup(s3_url: string): Promise<ManifestEntry | null>;
  /** Takes in what happened on the server, and tells the subscribers. */
  take(event: CacheEvent): void;
  subscribe(listener: (event: CacheEvent) => void): () => void;
}

export interface CacheClientSettings {
  baseUrl: () => string | undefined;
  /** @default it never does */
  onBaseUrlChange?: (listener: () => void) => () => void;
  /** Where the server's events come from. @default Vite's HMR socket */
  subscribe?: typeof subscribeToVite;
}

/** Silent without Vite's HMR socket: on a server, and in production, where `followServer` takes its place. */
function subscribeToVite(listener: (event: CacheEvent) => void): void {
  // Only types are imported from the server's side, so the name is spelled here and checked by its type.
  import.meta.hot?.on('image-cache:event' satisfies typeof EVENT_NAME, listener);
}

export function createCacheClient(settings: CacheClientSettings): CacheClient {
  const { baseUrl, onBaseUrlChange = () => () => {}, subscribe = subscribeToVite } = settings;
  const known = createKnownImages();
  const changes = createSubscribable<CacheEvent>();
  let isConnected = false;
  let loaded: Promise<ImageFetching> | undefined;

  /** On first use, and for good: known entries must stay true while nothing is mounted, too. */
  function connect(): void {
    if (isConnected) return;
    isConnected = true;
    subscribe(take);
  }

  async function fetching(): Promise<ImageFetching> {
    connect();
    loaded ??= import('./imageFetching.ts').then(({ createImageFetching }) => createImageFetching(baseUrl, known));
    // A deployment may have replaced the file: the next question tries again.
    loaded.catch(() => (loaded = undefined));
    return loaded;
  }

  function take(event: CacheEvent): void {
    known.apply(event);
    changes.emit(event);
  }

  return {
    get baseUrl() {
      return baseUrl();
    },
    onBaseUrlChange,
    known,
    direct: createDirectImages(),
    fetching,
    take,
    async lookup(s3_url) {
      if (baseUrl() === undefined) return null;
      return (await fetching()).lookup(s3_url);
    },
    subscribe(listener) {
      connect();
      return changes.subscribe(listener);
    },
  };
}

/** The client of the cache that the plugin or `configureImageCache()` names. */
export const defaultClient: CacheClient = /* @__PURE__ */ createCacheClient({
  baseUrl: configuredBaseUrl,
  onBaseUrlChange: onConfigure,
});
