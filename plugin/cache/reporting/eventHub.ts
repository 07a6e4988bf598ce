import type { CacheEvent, ManifestEntry } from '../../protocol.ts';
import type { ManifestIndex } from '../manifest/manifestIndex.ts';
import type { AppliedChange } from '../manifest/manifestStore.ts';

type Listener = (event: CacheEvent) => void;

/** Gets the events, and the end of the cache. */
export interface CacheWatcher {
  /** @param entries the entries that the event is about, as they were then: for a listener that must not show them to every client */
  changed(event: CacheEvent, entries: readonly ManifestEntry[]): void;
  /** What kept images from arriving is over. */
  recovered?(): void;
  /** Whether a page would hear of that now. @default false */
  readonly isHeard?: boolean;
  /** The cache was closed; there are no further events. */
  closed(): void;
}

export interface EventHubOptions {
  warn: (message: string) => void;
  /**
   * Reads the changes of other processes. Called each second while there is a listener, because an idle process would not notice
   * them otherwise.
   */
  lookAround: () => unknown;
}

/** The longest delay until a change by another process is reported. */
const LOOK_EVERY_MS = 1000;

/** Tells listeners what has changed in the manifest. */
export class EventHub {
  readonly #watchers = new Set<CacheWatcher>();
  readonly #options: EventHubOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: EventHubOptions) {
    this.#options = options;
  }

  /** Returns a function that removes the listener. */
  subscribe(listener: Listener): () => void {
    return this.watch({ changed: listener, closed: () => undefined });
  }

  /** Returns a function that removes the listener. */
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

  /** @param index the index after the change */
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

  /** Reports entries that are gone without a change that this process has seen. */
  lost(gone: readonly ManifestEntry[]): void {
    if (gone.length > 0) this.#emit({ type: 'invalidated', s3_urls: gone.map(({ s3_url }) => s3_url) }, gone);
  }

  /** Whether any page would be told that something is over. */
  get isHeard(): boolean {
    return Array.from(this.#watchers).some(({ isHeard }) => isHeard === true);
  }

  /** Reports that what kept images from arriving is over, so that it is worth while to ask for them again. */
  recovered(): void {
    this.#tell((watcher) => watcher.recovered?.());
  }

  #stopLooking(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #emit(event: CacheEvent, entries: readonly ManifestEntry[]): void {
    this.#tell((watcher) => watcher.changed(event, entries));
  }

  #tell(tell: (watcher: CacheWatcher) => void): void {
    for (const watcher of this.#watchers) {
      try {
        tell(watcher);
      } catch (error) {
        // The bug is in the listener. What it is told of has happened, and the call that made it must not fail.
        this.#options.warn(`An event listener threw: ${String(error)}`);
      }
    }
  }
}
