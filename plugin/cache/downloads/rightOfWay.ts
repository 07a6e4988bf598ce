/** Longest pause for a chunk, so that a page that always wants something does not starve a prefetch for good. */
const MAX_WAIT_MS = 100;

/** Lets background downloads stand aside, chunk by chunk, while images on screen are on their way. */
export class RightOfWay<Job extends object> {
  readonly #holders = new Set<Job>();
  readonly #waiting = new Map<Job, () => void>();

  get isTaken(): boolean {
    return this.#holders.size > 0;
  }

  /** The job is about an image on screen, and goes on at once. */
  take(job: Job): void {
    this.#holders.add(job);
    this.#waiting.get(job)?.();
  }

  /** The job has come to its end; without effect when it was never about an image on screen. */
  give(job: Job): void {
    this.#holders.delete(job);
    if (this.#holders.size === 0) for (const goOn of this.#waiting.values()) goOn();
  }

  /** Resolves when the job may read on; `undefined` for at once. */
  wait(job: Job): Promise<void> | undefined {
    if (this.#holders.size === 0 || this.#holders.has(job)) return undefined;
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
}
