import type { Clock } from './clock.ts';

/** Downloads that waited together resume at different times within this span. */
const SPREAD_MS = 500;

/** Remembers which origins asked to slow down. All downloads from such an origin wait, and no others (T38). */
export class Throttle {
  readonly #clock: Clock;
  /** Until when downloads from an origin must wait. It contains only origins that have just asked for it, so it stays small. */
  readonly #until = new Map<string, number>();
  /** How often any origin asked to slow down. */
  count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Until when the origin wants no attempt, by the clock; `undefined` if it may be asked now. */
  until(origin: string): number | undefined {
    const until = this.#until.get(origin);
    return until !== undefined && until > this.#clock.now() ? until : undefined;
  }

  /** Allows no new attempt at the origin for `ms`. */
  hold(origin: string, ms: number): void {
    const now = this.#clock.now();
    for (const [other, until] of this.#until) {
      if (until <= now) this.#until.delete(other);
    }
    this.#until.set(origin, Math.max(this.#until.get(origin) ?? now, now + ms));
    this.count += 1;
  }

  /** Resolves when attempts at the origin may start again, or when the signal aborts. The result tells whether it had to wait. */
  async wait(origin: string, signal: AbortSignal): Promise<boolean> {
    for (let hasWaited = false; ; hasWaited = true) {
      const left = (this.#until.get(origin) ?? -Infinity) - this.#clock.now();
      if (left <= 0 || signal.aborted) return hasWaited;
      await this.#clock.sleep(left + this.#clock.random() * SPREAD_MS, signal);
    }
  }
}
