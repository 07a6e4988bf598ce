/** Upper bounds of the buckets in seconds; a last one has all others. They are part of the API: changing them breaks dashboards. */
export const BOUNDS = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30] as const;

/** A distribution of durations in fixed buckets, so that those of several servers and times can be added. */
export class Histogram {
  /** Number of durations in each bucket, without those of the buckets below it. */
  readonly counts: number[] = Array.from({ length: BOUNDS.length + 1 }, () => 0);
  sumSeconds = 0;

  observe(ms: number): void {
    const seconds = ms / 1000;
    const bucket = BOUNDS.findIndex((bound) => seconds <= bound);
    const at = bucket === -1 ? BOUNDS.length : bucket;
    this.counts[at] = (this.counts[at] ?? 0) + 1;
    this.sumSeconds += seconds;
  }
}

/** A distribution for each value of a label, which comes from a closed set. */
export class Histograms<Value extends string> {
  readonly #histograms = new Map<Value, Histogram>();

  observe(value: Value, ms: number): void {
    const histogram = this.#histograms.get(value) ?? new Histogram();
    this.#histograms.set(value, histogram);
    histogram.observe(ms);
  }

  get entries(): [Value, Histogram][] {
    return [...this.#histograms];
  }
}
