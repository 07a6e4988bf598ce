import type { UploadsEnvironment } from '../environment.ts';
import type { OnStored, StoredImage } from '../onStored.ts';
import { toUploadError, type UploadError } from '../uploadError.ts';
import { callApp } from './callApp.ts';
import type { JobStore } from './createJobStore.ts';
import { DEFAULT_RETRY_DELAYS } from './jobState.ts';
import { type LinkRule, linkStatusOf } from './linkRule.ts';
import { isDue, retryDelay } from './retryTimes.ts';
import type { StoredJob } from './storedJob.ts';

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
    try {
      await callApp(env, signal, abort, () => onStored(stored, { signal: abort.signal }));
      return undefined;
    } catch (error) {
      return toUploadError(error);
    } finally {
      running = undefined;
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
