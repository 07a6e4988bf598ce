/** Upper bounds of the buckets in milliseconds: each is a quarter more than the one before, from 1 ms to about 20 minutes. */
const BOUNDS = Array.from({ length: 64 }, (_, n) => 1.25 ** n);

/** Numbers of durations by bucket: sparse, because most intervals have few. */
export type DurationCounts = Record<number, number>;

/** Counts durations in fixed buckets, so that those of many intervals and processes can be added. A percentile is right to within a quarter. */
export class Durations {
  #counts: DurationCounts = {};

  /** @param ms milliseconds */
  add(ms: number): void {
    const bucket = BOUNDS.findIndex((bound) => ms <= bound);
    const at = bucket === -1 ? BOUNDS.length - 1 : bucket;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  /** Adds the counts of other durations. */
  merge(counts: DurationCounts): void {
    for (const [bucket, count] of Object.entries(counts)) {
      const at = Number(bucket);
      if (at in BOUNDS && count > 0) this.#counts[at] = (this.#counts[at] ?? 0) + count;
    }
  }

  /** The counts so far. */
  get counts(): Readonly<DurationCounts> {
    return this.#counts;
  }

  /** Returns the counts, and begins anew. */
  take(): DurationCounts {
    const counts = this.#counts;
    this.#counts = {};
    return counts;
  }

  /** The duration that this share of all is not longer than; `undefined` if there are none. @param share 0 to 1 */
  percentile(share: number): number | undefined {
    const total = Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
    let seen = 0;
    for (const [bucket, count] of Object.entries(this.#counts)) {
      seen += count;
      if (seen >= total * share) return Math.round(BOUNDS[Number(bucket)] ?? 0);
    }
    return undefined;
  }
}
