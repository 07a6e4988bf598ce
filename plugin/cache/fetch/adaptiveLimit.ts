/** A gain below this is noise. */
const WORTHWHILE = 1.05;
const STEP = 1.5;
/** The step until the first one without a gain. It is large, because most origins are far away and a prefetch is over soon. */
const FIRST_STEP = 2;
/** Rounds after a step without a gain before another step is tried: the network may have changed. */
const PATIENCE = 5;

/** Changes that are remembered. */
const MAX_CHANGES = 5;

/** A change of the limit, for people to read. */
export interface LimitChange {
  /** Milliseconds since the epoch. */
  at: number;
  from: number;
  to: number;
  why: string;
}

export interface AdaptiveLimitOptions {
  /** The initial limit. */
  start: number;
  max: number;
  /** Monotonic. @default performance.now */
  now?: () => number;
  /** The wall clock. @default Date.now */
  clock?: () => number;
}

/**
 * Decides how many downloads run at a time. The limit grows as long as that increases the bytes per second (hill climbing,
 * one step a round, at first by a factor of two). It is halved when the origin asks to slow down (like AIMD in TCP). A round
 * is as many downloads as may run at a time.
 */
export class AdaptiveLimit {
  readonly #max: number;
  readonly #now: () => number;
  readonly #clock: () => number;
  #changes: LimitChange[] = [];
  #value: number;
  /** The last value that brought a gain, and the bytes per millisecond that it reached. */
  #settled: number;
  #rate = 0;
  #step = FIRST_STEP;
  #roundsToTrial = 0;
  /** Starts at the end of a download, because there may have been silence before it. */
  #round: { since: number; downloads: number; bytes: number } | undefined;

  constructor({ start, max, now = () => performance.now(), clock = Date.now }: AdaptiveLimitOptions) {
    this.#max = max;
    this.#now = now;
    this.#clock = clock;
    this.#value = start;
    this.#settled = start;
  }

  get value(): number {
    return this.#value;
  }

  /** The last five changes, the newest first. */
  get changes(): readonly LimitChange[] {
    return this.#changes;
  }

  /** A download succeeded while more were waiting. */
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

  /** No download was waiting, so this round says nothing about the limit. */
  starved(): void {
    this.#round = undefined;
  }

  /** The origin, or this machine, is overloaded. */
  refused(): void {
    this.#change(Math.max(1, Math.floor(this.#value / 2)), 'halved: the origin, or this machine, is overloaded');
    this.#step = STEP;
    this.#settled = this.#value;
    this.#roundsToTrial = PATIENCE;
    this.#round = undefined;
  }

  #judge(rate: number): void {
    const isTrial = this.#value > this.#settled;
    if (isTrial && rate < this.#rate * WORTHWHILE) {
      this.#change(this.#settled, 'back: more at a time were not faster');
      this.#step = STEP;
      this.#roundsToTrial = PATIENCE;
      return;
    }
    this.#settled = this.#value;
    this.#rate = rate;
    this.#roundsToTrial -= 1;
    if (!isTrial && this.#roundsToTrial > 0) return;
    const why = isTrial ? 'raised again: more at a time were faster' : 'raised, to see whether more are faster';
    this.#change(Math.min(this.#max, Math.ceil(this.#value * this.#step)), why);
  }

  #change(to: number, why: string): void {
    const from = this.#value;
    this.#value = to;
    if (from !== to) this.#changes = [{ at: this.#clock(), from, to, why }, ...this.#changes].slice(0, MAX_CHANGES);
  }
}
