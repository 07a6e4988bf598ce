import type { Clock } from './clock.ts';

/** So that downloads that waited together do not return together. */
const SPREAD_MS = 500;

/** One origin's request to slow down, heeded by every download (T38). */
export class Throttle {
  readonly #clock: Clock;
  #until = -Infinity;
  /** How often an origin asked for it. */
  count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** No new attempt for `ms`. */
  hold(ms: number): void {
    this.count += 1;
    this.#until = Math.max(this.#until, this.#clock.now() + ms);
  }

  /** Resolves when attempts may start again, or when the signal aborts. */
  async wait(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const left = this.#until - this.#clock.now();
      if (left <= 0) return;
      await this.#clock.sleep(left + this.#clock.random() * SPREAD_MS, signal);
    }
  }
}
