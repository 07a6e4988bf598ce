import { TaskQueue } from './taskQueue.ts';

/** How far a step of the work is. */
interface Progress {
  checked: number;
  total: number;
}

const TELL_EVERY_MS = 200;

/** Long work that is done once for all who ask for it meanwhile, and tells them how far it is. It is aborted when all of them have left. */
export class SharedRun<Result, Told extends Progress> {
  readonly #queue = new TaskQueue<Result>({ visible: 1, background: () => 1, maxBackground: 1 });
  readonly #listeners = new Set<(progress: Told) => void>();
  #toldAt = 0;

  /**
   * Begins the work, or waits for what runs already.
   * @throws ImageCacheError ABORTED when all callers have left, and what the work throws
   */
  async join(
    work: (signal: AbortSignal) => Promise<Result>,
    signal: AbortSignal | undefined,
    onProgress: ((progress: Told) => void) | undefined,
  ): Promise<Result> {
    if (onProgress !== undefined) this.#listeners.add(onProgress);
    try {
      return await this.#queue.run({ key: 'run', urgency: 'normal', signal, task: ({ signal: left }) => work(left) });
    } finally {
      if (onProgress !== undefined) this.#listeners.delete(onProgress);
    }
  }

  /** Called by the work. Its callers hear of it at most every 200 ms, and at the end of a step. */
  tell(progress: Told): void {
    if (performance.now() - this.#toldAt < TELL_EVERY_MS && progress.checked < progress.total) return;
    this.#toldAt = performance.now();
    for (const listener of this.#listeners) listener(progress);
  }

  close(): Promise<void> {
    return this.#queue.close();
  }
}
