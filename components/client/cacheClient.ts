import type { CacheEvent, EVENT_NAME, ManifestEntry } from '../../plugin/protocol.ts';
import { configuredBaseUrl, configuredImageBase, onConfigure } from './config.ts';
import { createDirectImages, type DirectImages } from './directImages.ts';
import type { ImageFetching } from './imageFetching.ts';
import { createKnownImages, type KnownImages } from './knownImages.ts';
import { announceRecovery, RECOVERED } from './recovered.ts';
import { watchSimulation } from './simulation.ts';
import { createSubscribable } from './subscribable.ts';

/** What an image needs from the cache to be shown. `imageCache` and `prefetchManager` use it, too. */
export interface CacheClient {
  /** The base URL of the API; `undefined` if there is none, and then nothing is ever sent. */
  readonly baseUrl: string | undefined;
  /** The base URL of the CDN for images that are known to be cached; `undefined` if there is none. */
  readonly imageBase: string | undefined;
  onBaseUrlChange(listener: () => void): () => void;
  /** Entries that this page already knows. */
  readonly known: KnownImages;
  /** The images that elements of the page request by themselves. */
  readonly direct: DirectImages;
  /** Loads the code that sends requests. Rejects if that code cannot be loaded. */
  fetching(): Promise<ImageFetching>;
  /** The entry of an image; `null` if it is not cached. All calls of one tick become one request. */
  lookup(s3_url: string): Promise<ManifestEntry | null>;
  /** Takes in an event of the server, and calls the subscribers. */
  take(event: CacheEvent): void;
  subscribe(listener: (event: CacheEvent) => void): () => void;
}

export interface CacheClientSettings {
  baseUrl: () => string | undefined;
  /** @default there is none */
  imageBase?: () => string | undefined;
  /** @default it never does */
  onBaseUrlChange?: (listener: () => void) => () => void;
  /** Where the server's events come from. @default Vite's HMR socket */
  subscribe?: typeof subscribeToVite;
}

/** Also passes on that images may be tried again. Does nothing without Vite's HMR socket: on a server, and in production, where `followServer` is used instead. */
function subscribeToVite(listener: (event: CacheEvent) => void): void {
  // Only types are imported from the server's side, so the name is written here again, and its type checks it.
  import.meta.hot?.on('image-cache:event' satisfies typeof EVENT_NAME, listener);
  import.meta.hot?.on(RECOVERED, announceRecovery);
}

export function createCacheClient(settings: CacheClientSettings): CacheClient {
  const { baseUrl, imageBase, onBaseUrlChange = () => () => {}, subscribe = subscribeToVite } = settings;
  const known = createKnownImages();
  const changes = createSubscribable<CacheEvent>();
  let isConnected = false;
  let loaded: Promise<ImageFetching> | undefined;

  /** Called at the first use, and never undone: what is known must stay true even while nothing is mounted. */
  function connect(): void {
    if (isConnected) return;
    isConnected = true;
    subscribe(take);
  }

  async function fetching(): Promise<ImageFetching> {
    connect();
    loaded ??= import('./imageFetching.ts').then(({ createImageFetching }) => createImageFetching(baseUrl, known));
    // A deployment may have replaced the file. The next request tries to load it again.
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
    get imageBase() {
      return imageBase?.();
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

// Before the first image is requested, so that the answer is there when one fails.
if (import.meta.env?.DEV && import.meta.hot) watchSimulation();

/** The client for the cache that the plugin or `configureImageCache()` has set. */
export const defaultClient: CacheClient = /* @__PURE__ */ createCacheClient({
  baseUrl: configuredBaseUrl,
  imageBase: configuredImageBase,
  onBaseUrlChange: onConfigure,
});
