import type { UploadsEnvironment } from '../environment.ts';
import type { OnStored, StoredImage } from '../onStored.ts';
import { toUploadError, UploadError } from '../uploadError.ts';
import type { JobStore } from './createJobStore.ts';
import { DEFAULT_RETRY_DELAYS } from './jobState.ts';
import { type LinkRule, linkStatusOf } from './linkRule.ts';
import { isDue, retryDelay } from './retryTimes.ts';
import type { StoredJob } from './storedJob.ts';
import { untilAborted } from './untilAborted.ts';

export interface LinkStep extends LinkRule {
  readonly onStored: OnStored;
  /** `undefined` if it is not to be told of. */
  toStoredImage(job: StoredJob): StoredImage | undefined;
}

/** Tells the app which pictures of its entities the bucket has, one at a time, again and again until it has taken each. */
export interface Links {
  /** When the next one is told, in milliseconds since the epoch; `undefined` when there is none. */
  nextAt(): number | undefined;
  /** The next one that is to be told now. */
  next(): StoredJob | undefined;
  tell(job: StoredJob): Promise<void>;
  /** Breaks it off if the picture was removed meanwhile. */
  dropWithdrawn(): void;
}

interface LinkParts {
  readonly jobs: JobStore;
  readonly env: UploadsEnvironment;
  readonly retryDelays: readonly number[];
  /** Aborted when this tab's turn has ended. */
  readonly signal: AbortSignal;
}

/** An app that has not ended by then is told again later, so that it does not keep the other pictures waiting. */
const MAX_CALL_MS = 120_000;

export function createLinks(step: LinkStep | undefined, { jobs, env, retryDelays, signal }: LinkParts): Links {
  const delays = retryDelays.length > 0 ? retryDelays : DEFAULT_RETRY_DELAYS;
  const longest = Math.max(...delays) * 1.5;
  let running: { jobId: string; abort: AbortController } | undefined;
  const due = (): StoredJob[] => (step ? jobs.all().filter((job) => linkStatusOf(job, step) === 'due') : []);
  const dueAt = ({ link }: StoredJob): number => {
    const at = link?.nextAttemptAt;
    return at === undefined || isDue(at, env.now(), longest) ? 0 : at;
  };

  /** @returns why the app has not taken it */
  async function call({ onStored }: LinkStep, stored: StoredImage): Promise<UploadError | undefined> {
    const abort = new AbortController();
    running = { jobId: stored.jobId, abort };
    const end = (): void => abort.abort(signal.reason);
    signal.addEventListener('abort', end);
    const cancelTimer = env.after(MAX_CALL_MS, () => abort.abort(tooLong()));
    try {
      // In a promise of its own, so that what it throws at once is a rejection, too.
      await untilAborted(
        abort.signal,
        Promise.resolve().then(() => onStored(stored, { signal: abort.signal })),
      );
      return undefined;
    } catch (error) {
      return toUploadError(error);
    } finally {
      running = undefined;
      cancelTimer();
      signal.removeEventListener('abort', end);
    }
  }

  return {
    nextAt() {
      const times = due().map(dueAt);
      return times.length > 0 ? Math.min(...times) : undefined;
    },
    next: () => due().find((job) => dueAt(job) === 0),
    async tell(job) {
      const { jobId } = job;
      const stored = step?.toStoredImage(job);
      if (!step || !stored) return;
      const error = await call(step, stored);
      if (!error) return void (await jobs.apply(jobId, { type: 'linked', at: env.now() }));
      if (signal.aborted) return;
      const attempts = (jobs.get(jobId)?.link?.attempts ?? 0) + 1;
      const { message, hint, retryAfterMs } = error;
      const code = error.code === 'TRANSPORT_FAILED' ? 'LINK_FAILED' : error.code;
      const nextAttemptAt = env.now() + retryDelay(delays, attempts, env.random(), retryAfterMs);
      await jobs.apply(jobId, { type: 'linkFailed', error: { code, message, hint, at: env.now() }, nextAttemptAt });
    },
    dropWithdrawn() {
      if (running && jobs.get(running.jobId)?.state !== 'stored') running.abort.abort();
    },
  };
}

function tooLong(): UploadError {
  const message = 'The app’s `onStored` has not ended for two minutes.';
  return new UploadError({ code: 'LINK_TIMEOUT', message, kind: 'transient' });
}
