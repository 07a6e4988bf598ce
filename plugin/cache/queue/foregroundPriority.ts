/** Longest pause for a chunk, so that a page that always requests something does not stop a prefetch forever. */
const MAX_WAIT_MS = 100;
/** A page requests the next image as soon as it has one. Background work in between would delay it. */
const LINGER_MS = 10;

/** Makes background downloads yield, chunk by chunk, while images on screen are loading and for a moment afterwards. */
export class ForegroundPriority<Job extends object> {
  readonly #onFree: () => void;
  readonly #isBusy: () => boolean;
  readonly #holders = new Set<Job>();
  readonly #waiting = new Map<Job, () => void>();
  #lingering: NodeJS.Timeout | undefined;

  /**
   * @param onFree called when background work may run at full speed again
   * @param isBusy true if background work is to yield for other reasons
   */
  constructor(onFree: () => void, isBusy: () => boolean = () => false) {
    this.#onFree = onFree;
    this.#isBusy = isBusy;
  }

  get isHeld(): boolean {
    return this.#holders.size > 0 || this.#lingering !== undefined;
  }

  /** Marks the job as one for an image on screen. It continues at once. */
  acquire(job: Job): void {
    this.#holders.add(job);
    this.#stopLingering();
    this.#waiting.get(job)?.();
  }

  /** Marks the job as finished. Does nothing if it was never for an image on screen. */
  release(job: Job): void {
    if (!this.#holders.delete(job) || this.#holders.size > 0) return;
    this.#lingering = setTimeout(() => {
      this.#stopLingering();
      this.#wakeNext();
      this.#onFree();
    }, LINGER_MS);
  }

  /** Resolves when the job may continue; `undefined` if it may at once. */
  yieldToForeground(job: Job): Promise<void> | undefined {
    if (this.#holders.has(job) || !(this.isHeld || this.#isBusy())) return undefined;
    return new Promise((resolve) => {
      const goOn = () => {
        clearTimeout(timer);
        this.#waiting.delete(job);
        resolve();
      };
      const timer = setTimeout(goOn, MAX_WAIT_MS);
      this.#waiting.set(job, goOn);
    });
  }

  #stopLingering(): void {
    clearTimeout(this.#lingering);
    this.#lingering = undefined;
  }

  /** Wakes one job per turn of the event loop, so that a new request need not wait until all jobs have written. */
  #wakeNext(): void {
    if (this.isHeld) return;
    const [goOn] = this.#waiting.values();
    if (goOn === undefined) return;
    goOn();
    setImmediate(() => this.#wakeNext());
  }
}
