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
  return {
    hits_memory: after.hits_memory - before.hits_memory,
    hits_disk: after.hits_disk - before.hits_disk,
    misses: after.misses - before.misses,
    failed: after.failed - before.failed,
    bytes_saved: after.bytes_saved - before.bytes_saved,
    bytes_downloaded: after.bytes_downloaded - before.bytes_downloaded,
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
