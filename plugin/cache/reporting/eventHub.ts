import type { CacheEvent, ManifestEntry } from '../../protocol.ts';
import type { ManifestIndex } from '../manifest/manifestIndex.ts';
import type { AppliedChange } from '../manifest/manifestStore.ts';

type Listener = (event: CacheEvent) => void;

/** Hears of what happens, and of the end. */
export interface CacheWatcher {
  /** @param entries what the event is about, as it was known then: for whoever may not show it to everybody */
  changed(event: CacheEvent, entries: readonly ManifestEntry[]): void;
  /** The cache is closed; nothing more happens. */
  closed(): void;
}

export interface EventHubOptions {
  warn: (message: string) => void;
  /** Finds out what other processes have changed. Called each second while somebody watches: a process may have nothing else to do. */
  lookAround: () => unknown;
}

/** As late as this others hear of what another process has changed. */
const LOOK_EVERY_MS = 1000;

/** Tells those who watch what happened to the manifest. */
export class EventHub {
  readonly #watchers = new Set<CacheWatcher>();
  readonly #options: EventHubOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: EventHubOptions) {
    this.#options = options;
  }

  /** Returns how to stop it. */
  subscribe(listener: Listener): () => void {
    return this.watch({ changed: listener, closed: () => undefined });
  }

  /** Returns how to stop it. */
  watch(watcher: CacheWatcher): () => void {
    this.#watchers.add(watcher);
    this.#timer ??= setInterval(this.#options.lookAround, LOOK_EVERY_MS).unref();
    return () => {
      this.#watchers.delete(watcher);
      if (this.#watchers.size === 0) this.#stopLooking();
    };
  }

  close(): void {
    this.#stopLooking();
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) watcher.closed();
  }

  /** @param index as it is after the change */
  changed({ change, removed }: AppliedChange, index: ManifestIndex): void {
    if (change.op === 'put' || change.op === 'adopt' || (change.op === 'replace' && removed.length > 0)) {
      const entry = index.get(change.entry.s3_url) ?? change.entry;
      this.#emit({ type: 'stored', entry }, [entry]);
    }
    if (change.op === 'meta') {
      const entry = index.get(change.key);
      if (entry !== undefined) this.#emit({ type: 'stored', entry }, [entry]);
    }
    if (change.op === 'delete' && change.reason === 'invalidated') {
      this.#emit({ type: 'invalidated', s3_urls: [...change.keys] }, removed);
    }
    if (change.op === 'clear') {
      const s3_urls = removed.map((entry) => entry.s3_url);
      this.#emit({ type: 'cleared', s3_urls, ...(change.actor !== undefined && { actor_id: change.actor }) }, removed);
    }
  }

  /** These were in the manifest and are not there any more; nobody saw the change. */
  lost(gone: readonly ManifestEntry[]): void {
    if (gone.length > 0) this.#emit({ type: 'invalidated', s3_urls: gone.map(({ s3_url }) => s3_url) }, gone);
  }

  #stopLooking(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #emit(event: CacheEvent, entries: readonly ManifestEntry[]): void {
    for (const watcher of this.#watchers) {
      try {
        watcher.changed(event, entries);
      } catch (error) {
        // Somebody else's bug; the change has happened, and whoever made it must not see it fail.
        this.#options.warn(`An event listener threw: ${String(error)}`);
      }
    }
  }
}
