/** A gain below this is noise. */
const WORTHWHILE = 1.05;
const STEP = 1.5;
/** The step until the first one that brought nothing: most origins are far, and a prefetch is over soon. */
const FIRST_STEP = 2;
/** Rounds after a step that brought nothing before another is tried: the network may have changed. */
const PATIENCE = 5;

export interface AdaptiveLimitOptions {
  /** At first. */
  start: number;
  max: number;
  now?: () => number;
}

/**
 * How many downloads to run at a time: more as long as more bytes a second come of it (hill climbing, one round a step, twice
 * as many at first), half when the origin asks to slow down (as TCP's AIMD). A round is as many downloads as may run at a time.
 */
export class AdaptiveLimit {
  readonly #max: number;
  readonly #now: () => number;
  #value: number;
  /** The last value that was worthwhile, and the bytes in a millisecond that came of it. */
  #settled: number;
  #rate = 0;
  #step = FIRST_STEP;
  #roundsToTrial = 0;
  /** Begins with the end of a download: what came before it may have been silence. */
  #round: { since: number; downloads: number; bytes: number } | undefined;

  constructor({ start, max, now = () => performance.now() }: AdaptiveLimitOptions) {
    this.#max = max;
    this.#now = now;
    this.#value = start;
    this.#settled = start;
  }

  get value(): number {
    return this.#value;
  }

  /** A download ended well while more were waiting. */
  completed(bytes: number): void {
    const now = this.#now();
    const round = this.#round;
    if (round !== undefined) {
      round.downloads += 1;
      round.bytes += bytes;
      if (round.downloads < this.#value) return;
      this.#judge(round.bytes / Math.max(now - round.since, 1));
    }
    this.#round = { since: now, downloads: 0, bytes: 0 };
  }

  /** Nothing was waiting: what the round has seen so far says nothing about the limit. */
  starved(): void {
    this.#round = undefined;
  }

  /** The origin, or this machine, cannot keep up. */
  refused(): void {
    this.#value = Math.max(1, Math.floor(this.#value / 2));
    this.#step = STEP;
    this.#settled = this.#value;
    this.#roundsToTrial = PATIENCE;
    this.#round = undefined;
  }

  #judge(rate: number): void {
    const isTrial = this.#value > this.#settled;
    if (isTrial && rate < this.#rate * WORTHWHILE) {
      this.#value = this.#settled;
      this.#step = STEP;
      this.#roundsToTrial = PATIENCE;
      return;
    }
    this.#settled = this.#value;
    this.#rate = rate;
    this.#roundsToTrial -= 1;
    if (isTrial || this.#roundsToTrial <= 0) this.#value = Math.min(this.#max, Math.ceil(this.#value * this.#step));
  }
}
