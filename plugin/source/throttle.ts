import type { Clock } from './clock.ts';

/** So that downloads that waited together do not return together. */
const SPREAD_MS = 500;

/** The origins' requests to slow down, each heeded by every download from that origin, and by no other (T38). */
export class Throttle {
  readonly #clock: Clock;
  /** Until when an origin is left alone. Holds only those that have just asked for it, so it stays small. */
  readonly #until = new Map<string, number>();
  /** How often any origin asked for it. */
  count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** No new attempt at the origin for `ms`. */
  hold(origin: string, ms: number): void {
    const now = this.#clock.now();
    for (const [other, until] of this.#until) {
      if (until <= now) this.#until.delete(other);
    }
    this.#until.set(origin, Math.max(this.#until.get(origin) ?? now, now + ms));
    this.count += 1;
  }

  /** Resolves when attempts at the origin may start again, or when the signal aborts; with whether that took any time. */
  async wait(origin: string, signal: AbortSignal): Promise<boolean> {
    for (let hasWaited = false; ; hasWaited = true) {
      const left = (this.#until.get(origin) ?? -Infinity) - this.#clock.now();
      if (left <= 0 || signal.aborted) return hasWaited;
      await this.#clock.sleep(left + this.#clock.random() * SPREAD_MS, signal);
    }
  }
}
