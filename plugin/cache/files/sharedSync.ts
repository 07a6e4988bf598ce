import { syncDirectory } from './syncDirectory.ts';

/** Syncs directories, once for all who ask while the sync before is still running. */
export class SharedSync {
  readonly #running = new Map<string, Promise<void>>();
  readonly #next = new Map<string, Promise<void>>();

  /** Resolves when every name that was given or taken before the call survives a power cut. */
  sync(dir: string): Promise<void> {
    const running = this.#running.get(dir);
    // One that has begun may have missed what was done since.
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
