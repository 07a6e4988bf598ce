import { syncDirectory } from './syncDirectory.ts';

/** Syncs directories. Calls that come while a sync is running share the next one. */
export class SharedSync {
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();

  /** Resolves when every name that was created or removed before the call survives a power cut. */
  sync(dir: string): Promise<void> {
    const running = this.#running.get(dir);
    // A sync that is already running may miss the latest changes.
    return running === undefined ? this.#start(dir) : (this.#next.get(dir) ?? this.#startAfter(running, dir));
  }

  #start(dir: string): Promise<void> {
    const started = syncDirectory(dir).finally(() => this.#running.delete(dir));
    this.#running.set(dir, started);
    return started;
  }

  #startAfter(running: Promise<void>, dir: string): Promise<void> {
    const start = () => {
      this.#next.delete(dir);
      return this.#start(dir);
    };
    const next = running.then(start, start);
    this.#next.set(dir, next);
    return next;
  }
}
