import type { NetworkState } from '../api.ts';
import { fetchNetwork } from './backend.ts';

/** The cost of loading a page of pictures. */
export interface Measurement {
  /** Milliseconds until the last picture was decoded. */
  ms: number;
  loaded: number;
  failed: number;
  /** Counters of the S3 server; `undefined` if it is not the demo's own. */
  s3?: { requests: number; bytes: number };
}

export interface Stopwatch {
  /** Call it when a picture is on the page, or has failed. */
  settle(outcome: 'loaded' | 'failed'): void;
  now(): Measurement;
  /** Resolves when all pictures are settled and S3's counters are read. */
  finished: Promise<Measurement>;
}

/** Starts measuring, until `total` pictures are settled. */
export function startStopwatch(total: number, before: NetworkState | undefined): Stopwatch {
  const start = performance.now();
  let loaded = 0;
  let failed = 0;
  let resolve: (result: Measurement) => void = () => {};
  const finished = new Promise<Measurement>((settled) => {
    resolve = settled;
  });
  const now = (): Measurement => ({ ms: performance.now() - start, loaded, failed });
  return {
    settle(outcome) {
      if (outcome === 'loaded') loaded += 1;
      else failed += 1;
      if (loaded + failed !== total) return;
      const result = now();
      fetchNetwork().then(
        (after) => resolve({ ...result, ...difference(before, after) }),
        () => resolve(result),
      );
    },
    now,
    finished,
  };
}

function difference(before: NetworkState | undefined, after: NetworkState | undefined): Pick<Measurement, 's3'> {
  if (before === undefined || after === undefined) return {};
  return {
    s3: { requests: after.stats.gets - before.stats.gets, bytes: after.stats.bytesSent - before.stats.bytesSent },
  };
}
