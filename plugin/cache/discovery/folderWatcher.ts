import { type FSWatcher, watch } from 'node:fs';

/** A copy makes many events; they are answered together. */
const DEBOUNCE_MS = 200;
/** Elsewhere a recursive watch costs a handle for each file, of which a system has few (T67). */
const HAS_CHEAP_RECURSION = process.platform === 'darwin' || process.platform === 'win32';

/**
 * Tells when something in a folder changes; on Linux, when something is added to it or removed from it. A folder that
 * is not there is not watched: call {@link FolderWatcher.start} again once it is. Keeps no process alive.
 */
export class FolderWatcher {
  readonly #path: string;
  readonly #onChange: () => void;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(path: string, onChange: () => void) {
    this.#path = path;
    this.#onChange = onChange;
  }

  /** Watches unless it does already. */
  start(): void {
    if (this.#watcher !== undefined) return;
    try {
      const watcher = watch(this.#path, { persistent: false, recursive: HAS_CHEAP_RECURSION });
      watcher.on('change', () => this.#changed());
      watcher.on('error', () => this.close());
      this.#watcher = watcher;
    } catch {
      // Not there, no watches left, or none on this platform: what is asked for is looked for anyway.
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #changed(): void {
    this.#timer ??= setTimeout(() => {
      // The folder itself may have been replaced, which leaves the watch on one that nobody sees any more.
      this.close();
      this.start();
      this.#onChange();
    }, DEBOUNCE_MS).unref();
  }
}
