import { type FSWatcher, watch } from 'node:fs';

/** Copying files causes many events, which are handled together. */
const DEBOUNCE_MS = 200;
/** On other systems a recursive watch costs a handle for each file, and a system has few of them (T67). */
const HAS_CHEAP_RECURSION = process.platform === 'darwin' || process.platform === 'win32';

/**
 * Reports changes in a folder; on Linux, only when a name is added or removed. A folder that does not exist is not watched: call
 * {@link FolderWatcher.start} again when it does. The watch does not keep the process alive.
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

  /** Starts watching, unless it is already watching. */
  start(): void {
    if (this.#watcher !== undefined) return;
    try {
      const watcher = watch(this.#path, { persistent: false, recursive: HAS_CHEAP_RECURSION });
      watcher.on('change', () => this.#changed());
      watcher.on('error', () => this.close());
      this.#watcher = watcher;
    } catch {
      // The folder does not exist, or the system has no watches left or none at all. Requested images are searched anyway.
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
      // The folder itself may have been replaced; then this watch is on a folder that no longer has a name.
      this.close();
      this.start();
      this.#onChange();
    }, DEBOUNCE_MS).unref();
  }
}
