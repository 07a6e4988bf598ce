import type { UploadsClock } from './clock.ts';

/** Lets a loop sleep until something happens, or for some time at most. A ring between two waits is not lost: the next wait returns at once. */
export class Alarm {
  readonly #clock: UploadsClock;
  #bell = new AbortController();

  constructor(clock: UploadsClock) {
    this.#clock = clock;
  }

  ring(): void {
    this.#bell.abort(null);
  }

  /** Resolves after `ms`, or when it rings, or has rung since the last call. */
  async wait(ms: number): Promise<void> {
    await this.#clock.sleep(ms, this.#bell.signal);
    if (this.#bell.signal.aborted) this.#bell = new AbortController();
  }
}
