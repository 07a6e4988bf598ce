import type { CacheEvent, ManifestEntry } from '../protocol.ts';
import type { ManifestIndex } from './manifest/manifestIndex.ts';
import type { AppliedChange } from './manifest/manifestStore.ts';

type Listener = (event: CacheEvent) => void;

/** Tells whoever watches what happened to the manifest. */
export class EventHub {
  readonly #listeners = new Set<Listener>();
  readonly #warn: (message: string) => void;

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /** Returns how to stop it. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#listeners.clear();
  }

  /** @param index as it is after the change */
  changed({ change, removed }: AppliedChange, index: ManifestIndex): void {
    if (change.op === 'put' || change.op === 'adopt') {
      this.#emit({ type: 'stored', entry: index.get(change.entry.s3_url) ?? change.entry });
    }
    if (change.op === 'delete' && change.reason === 'invalidated') {
      this.#emit({ type: 'invalidated', s3_urls: [...change.keys] });
    }
    if (change.op === 'clear') {
      const s3_urls = removed.map((entry) => entry.s3_url);
      this.#emit({ type: 'cleared', s3_urls, ...(change.actor !== undefined && { actor_id: change.actor }) });
    }
  }

  /** These were in the manifest and are not there any more; nobody saw the change. */
  lost(gone: readonly ManifestEntry[]): void {
    if (gone.length > 0) this.#emit({ type: 'invalidated', s3_urls: gone.map(({ s3_url }) => s3_url) });
  }

  #emit(event: CacheEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        // Somebody else's bug; the change has happened, and whoever made it must not see it fail.
        this.#warn(`An event listener threw: ${String(error)}`);
      }
    }
  }
}
