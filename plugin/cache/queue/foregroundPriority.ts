/** Longest pause for a chunk, so that a page that always wants something does not starve a prefetch for good. */
const MAX_WAIT_MS = 100;
/** A page asks for the next image as soon as it has one: what went on in between would be in its way. */
const LINGER_MS = 10;

/** Lets background downloads yield, chunk by chunk, while images on screen are on their way, and a moment longer. */
export class ForegroundPriority<Job extends object> {
  readonly #onFree: () => void;
  readonly #isBusy: () => boolean;
  readonly #holders = new Set<Job>();
  readonly #waiting = new Map<Job, () => void>();
  #lingering: NodeJS.Timeout | undefined;

  /**
   * @param onFree called when the background may have it all again
   * @param isBusy whether the background is to yield for other reasons as well
   */
  constructor(onFree: () => void, isBusy: () => boolean = () => false) {
    this.#onFree = onFree;
    this.#isBusy = isBusy;
  }

  get isHeld(): boolean {
    return this.#holders.size > 0 || this.#lingering !== undefined;
  }

  /** The job is about an image on screen, and goes on at once. */
  acquire(job: Job): void {
    this.#holders.add(job);
    this.#stopLingering();
    this.#waiting.get(job)?.();
  }

  /** The job has come to its end; without effect when it was never about an image on screen. */
  release(job: Job): void {
    if (!this.#holders.delete(job) || this.#holders.size > 0) return;
    this.#lingering = setTimeout(() => {
      this.#stopLingering();
      this.#wakeNext();
      this.#onFree();
    }, LINGER_MS);
  }

  /** Resolves when the job may read on; `undefined` for at once. */
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

  /** One a turn of the event loop: an image that is asked for meanwhile need not wait until all have written theirs. */
  #wakeNext(): void {
    if (this.isHeld) return;
    const [goOn] = this.#waiting.values();
    if (goOn === undefined) return;
    goOn();
    setImmediate(() => this.#wakeNext());
  }
}
