import type { CacheEvent, ManifestEntry } from '../../plugin/protocol.ts';
import { configuredMount, onConfigure } from './config.ts';
import { type CacheEvents, viteEvents } from './events.ts';
import { loadExtras, withExtras } from './loadExtras.ts';
import type { Lookup } from './lookup.ts';
import { createRegistry, type Registry } from './registry.ts';
import { createSubscribable } from './subscribable.ts';

/** What an image needs of the cache to be shown. Everything else is built on it: `imageCache`, `prefetchManager`. */
export interface CacheClient {
  /** Where the API is mounted; `undefined` when there is none, and then nothing is ever sent. */
  readonly mount: string | undefined;
  onMountChange(listener: () => void): () => void;
  /** What this page knows already, without asking. */
  readonly registry: Registry;
  /** What the cache knows of an image; `null` when it is not cached. All calls of one tick become one request. */
  lookup(s3_url: string): Promise<ManifestEntry | null>;
  /** Has the registry filled for an image that was just read through. */
  confirm(s3_url: string): void;
  /** Tells the subscribers of a change that the registry knows of: see `announce`. */
  emit(event: CacheEvent): void;
  subscribe(listener: (event: CacheEvent) => void): () => void;
}

export interface CacheClientSettings {
  mount: () => string | undefined;
  /** @default it never does */
  onMountChange?: (listener: () => void) => () => void;
  /** @default Vite's HMR socket */
  events?: CacheEvents;
}

export function createCacheClient(settings: CacheClientSettings): CacheClient {
  const { mount, onMountChange = () => () => {}, events = viteEvents } = settings;
  const registry = createRegistry();
  const changes = createSubscribable<CacheEvent>();
  let isConnected = false;
  let lookups: Promise<Lookup> | undefined;

  /** On first use, and for good: what is known must stay true while nothing is mounted, too. */
  function connect(): void {
    if (isConnected) return;
    isConnected = true;
    events.subscribe((event) => withExtras(({ announce }) => announce(client, event)));
  }

  /** Loaded when there is something to ask, which without a server never is. */
  async function loadLookup(): Promise<Lookup> {
    lookups ??= loadExtras().then(({ createLookup }) => createLookup(mount, registry));
    lookups.catch(() => (lookups = undefined));
    return lookups;
  }

  const client: CacheClient = {
    get mount() {
      return mount();
    },
    onMountChange,
    registry,
    emit: changes.emit,
    confirm(s3_url) {
      loadLookup().then(
        ({ confirm }) => confirm(s3_url),
        () => {}, // it is on the screen already
      );
    },
    async lookup(s3_url) {
      if (mount() === undefined) return null;
      connect();
      return (await loadLookup()).lookup(s3_url);
    },
    subscribe(listener) {
      connect();
      return changes.subscribe(listener);
    },
  };
  return client;
}

/** The client of the cache that the plugin or `configureImageCache()` names. */
export const defaultClient: CacheClient = /* @__PURE__ */ createCacheClient({
  mount: configuredMount,
  onMountChange: onConfigure,
});
