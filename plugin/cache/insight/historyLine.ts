import type { HistoryPoint } from '../../inspectorProtocol.ts';
import type { DurationCounts } from './durations.ts';

/** What is counted in a step. */
export type Counted = Omit<HistoryPoint, 'at' | 'miss_p50_ms' | 'miss_p95_ms'>;

/** A step of one process, as it is in the file. */
export interface HistoryLine extends Counted {
  /** The beginning of the step. */
  at: number;
  /** The name of the process. */
  process: string;
  miss_ms: DurationCounts;
}

export const NOTHING: Counted = {
  hits_memory: 0,
  hits_disk: 0,
  misses: 0,
  failed: 0,
  bytes_saved: 0,
  bytes_downloaded: 0,
};

export function differenceOf(after: Counted, before: Counted): Counted {
  return eachOf(after, before, (a, b) => a - b);
}

export function sumOf(one: Counted, other: Counted): Counted {
  return eachOf(one, other, (a, b) => a + b);
}

function eachOf(a: Counted, b: Counted, combined: (a: number, b: number) => number): Counted {
  return {
    hits_memory: combined(a.hits_memory, b.hits_memory),
    hits_disk: combined(a.hits_disk, b.hits_disk),
    misses: combined(a.misses, b.misses),
    failed: combined(a.failed, b.failed),
    bytes_saved: combined(a.bytes_saved, b.bytes_saved),
    bytes_downloaded: combined(a.bytes_downloaded, b.bytes_downloaded),
  };
}

/** Whether a line of the file is one that this version understands. */
export function isHistoryLine(value: object): value is HistoryLine {
  const line: Record<string, unknown> = { ...value };
  if (!['at', ...Object.keys(NOTHING)].every((field) => isCount(line[field]))) return false;
  if (typeof line['process'] !== 'string') return false;
  const counts = line['miss_ms'];
  return typeof counts === 'object' && counts !== null && Object.values(counts).every(isCount);
}

/** No larger than can be counted, so that no sum of a whole file is infinite. */
function isCount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}
