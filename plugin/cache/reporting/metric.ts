import type { Histogram } from './histogram.ts';

/** One measure with its values, one for each combination of labels. */
export interface Metric {
  /** As Prometheus knows it, e.g. `image_cache_requests_total`. Published names never change their meaning. */
  name: string;
  /** What it says, in one line. */
  help: string;
  /** A counter only grows, until the process ends. */
  type: 'counter' | 'gauge' | 'histogram';
  samples: readonly Sample[];
}

export interface Sample {
  labels?: Readonly<Record<string, string>>;
  value: number | Histogram;
}
