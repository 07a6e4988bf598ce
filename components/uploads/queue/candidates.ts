import { entityKey } from '../entity.ts';
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

/**
 * The pictures that may be sent now, in the order in which they are. Those that have just failed are last. Else the entity whose oldest
 * waiting picture is the oldest has all of its pictures sent, then the next one; a picture without an entity counts as one.
 * @param jobs oldest first
 */
export function candidates(jobs: readonly StoredJob[], rules: CandidateRules): StoredJob[] {
  const { now, longest, busy, lastFault } = rules;
  const seen = new Set(busy);
  /** Of each entity, in the order of the oldest pictures that wait. */
  const turns = new Map<string, number>();
  for (const job of jobs) if (isWaiting(job) && !turns.has(groupOf(job))) turns.set(groupOf(job), turns.size);
  const turnOf = (job: StoredJob): number => turns.get(groupOf(job)) ?? 0;
  return jobs
    .filter(({ state, nextAttemptAt }) => state === 'prepared' && isDue(nextAttemptAt, now, longest))
    .toSorted((a, b) => lastFault(a.jobId) - lastFault(b.jobId) || turnOf(a) - turnOf(b))
    .filter(({ body }) => {
      if (!body || seen.has(body.sha256)) return false;
      seen.add(body.sha256);
      return true;
    });
}

function isWaiting({ state }: StoredJob): boolean {
  return state === 'staged' || state === 'prepared';
}

function groupOf({ jobId, entity }: StoredJob): string {
  return entity ? entityKey(entity) : jobId;
}

/** When the next picture becomes due; `undefined` if none waits for a time. */
export function nextDue(jobs: readonly StoredJob[]): number | undefined {
  const times = jobs.flatMap(({ state, nextAttemptAt }) =>
    state === 'prepared' && nextAttemptAt !== undefined ? [nextAttemptAt] : [],
  );
  return times.length > 0 ? Math.min(...times) : undefined;
}
