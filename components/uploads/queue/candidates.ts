import { isDue } from './retryTimes.ts';
import type { StoredJob } from './storedJob.ts';

export interface CandidateRules {
  readonly now: number;
  /** The longest wait between two tries, in milliseconds. */
  readonly longest: number;
  /** Digests that are being sent: of two pictures with the same bytes, the second waits for the first. */
  readonly busy: ReadonlySet<string>;
  /** When a picture's last fault was, or 0: others go first. */
  lastFault(jobId: string): number;
}

/** The pictures that may be sent now, in the order in which they are: oldest first, those that have just failed last. */
export function candidates(jobs: readonly StoredJob[], rules: CandidateRules): StoredJob[] {
  const { now, longest, busy, lastFault } = rules;
  const seen = new Set(busy);
  return jobs
    .filter(({ state, nextAttemptAt }) => state === 'prepared' && isDue(nextAttemptAt, now, longest))
    .toSorted((a, b) => lastFault(a.jobId) - lastFault(b.jobId) || (a.jobId < b.jobId ? -1 : 1))
    .filter(({ body }) => {
      if (!body || seen.has(body.sha256)) return false;
      seen.add(body.sha256);
      return true;
    });
}

/** When the next picture becomes due; `undefined` if none waits for a time. */
export function nextDue(jobs: readonly StoredJob[]): number | undefined {
  const times = jobs.flatMap(({ state, nextAttemptAt }) =>
    state === 'prepared' && nextAttemptAt !== undefined ? [nextAttemptAt] : [],
  );
  return times.length > 0 ? Math.min(...times) : undefined;
}
