import type { UploadFault } from '../imageUploads.ts';
import type { JobBody, StoredJob } from './storedJob.ts';

/** Six tries in all: UPLOADS I9. One more than there are delays. */
export const DEFAULT_RETRY_DELAYS = [1_000, 5_000, 30_000, 120_000, 600_000] as const;

export type JobEvent =
  /** Preparing begins. */
  | { type: 'preparing' }
  /** The bytes that are to be sent are known, and kept from now on in the place of the raw ones. */
  | { type: 'prepared'; body: JobBody; size: number; mime: string; warning?: string | undefined }
  /** A try has ended without an answer that counts: it costs nothing. */
  | { type: 'delayed'; error: UploadFault; nextAttemptAt?: number | undefined }
  /** A try was answered by a fault of this picture. */
  | { type: 'charged'; error: UploadFault; nextAttemptAt: number; maxAttempts: number }
  /** It will not be taken, or not before somebody acts. */
  | { type: 'refused'; state: 'failed' | 'blocked'; error: UploadFault }
  | { type: 'accepted'; error?: UploadFault | undefined; nextAttemptAt?: number | undefined }
  | { type: 'stored'; at: number; s3Url?: string | undefined }
  /** The server does not have the bytes any more. */
  | { type: 'needed'; at: number }
  /** There were none, or others, when the job had this revision: it may have gone on since then. */
  | { type: 'bytesGone'; at: number; revision: number }
  /** The app's server has given its entity an id. */
  | { type: 'bound'; serverId: string }
  /** The app has taken that the bucket has it. */
  | { type: 'linked'; at: number }
  | { type: 'linkFailed'; error: UploadFault; nextAttemptAt: number }
  /** The user's. */
  | { type: 'retry' }
  | { type: 'sendAnyway' }
  | { type: 'pause' }
  | { type: 'resume' }
  | { type: 'cancel' }
  /** Its entity has these pictures no more; without them: none at all. */
  | { type: 'remove'; imageIds?: readonly string[] | undefined }
  /** The server knows that it was canceled. */
  | { type: 'cancelTold' };

const GONE = {
  code: 'BYTES_GONE',
  message: 'The browser no longer has the bytes of this picture.',
  hint: 'Pick the picture again. Browsers may clear the storage of a site: see docs/uploads.md on persist().',
};

/**
 * The job after an event. A pure function: `test/components/uploads/queue/jobState.test.ts` has the table of every state and event. An
 * event that a state does not know changes nothing, and returns the same object. Bytes are dropped in `stored` and `canceled` only.
 */
export function reduceJob(job: StoredJob, event: JobEvent): StoredJob {
  const next = changed(job, event);
  return next === job ? job : { ...next, revision: job.revision + 1 };
}

function changed(job: StoredJob, event: JobEvent): StoredJob {
  const { state, body } = job;
  const isOpen = state === 'staged' || state === 'prepared';
  const isServers = isAtServer(job);
  switch (event.type) {
    case 'preparing':
      return state === 'staged' ? { ...job, prepareStarts: job.prepareStarts + 1 } : job;
    case 'prepared':
      if (state !== 'staged') return job;
      if (job.unwanted?.includes(event.body.imageId)) return canceled(job);
      return {
        ...waiting(job),
        state: 'prepared',
        prepareStarts: 0,
        body: event.body,
        size: event.size,
        type: event.mime,
        heldBytes: event.size,
        warning: event.warning ?? job.warning,
      };
    case 'delayed':
      return isOpen ? { ...job, error: event.error, nextAttemptAt: event.nextAttemptAt } : job;
    case 'charged':
      return isOpen ? afterCharge(job, event) : job;
    case 'refused':
      if (!isOpen && !isServers) return job;
      if (state === event.state && job.error?.code === event.error.code) return job;
      return { ...waiting(job), state: event.state, error: event.error };
    case 'accepted':
      // Also of a job that was paused meanwhile: the server has it now.
      if (!body || state === 'stored' || state === 'canceled') return job;
      if (state === 'accepted' && isSameNews(job, event)) return job;
      return {
        ...job,
        state: 'accepted',
        isOnServer: true,
        error: event.error,
        nextAttemptAt: event.nextAttemptAt,
      };
    case 'stored':
      // A cancellation wins over whatever comes later.
      if (!body || state === 'stored' || state === 'canceled') return job;
      return {
        ...waiting(job),
        state: 'stored',
        heldBytes: undefined,
        uploadedAt: event.at,
        s3Url: event.s3Url ?? job.s3Url,
      };
    case 'needed':
      if (!isServers) return job;
      if (job.heldBytes === undefined) return { ...waiting(job), state: 'missing', error: { ...GONE, at: event.at } };
      return { ...waiting(job), state: 'prepared', isOnServer: undefined };
    case 'bytesGone':
      if (event.revision !== job.revision) return job;
      if (state === 'stored' || state === 'canceled' || state === 'missing') return job;
      // A server that has the picture goes on without us.
      if (state === 'accepted') return { ...job, heldBytes: undefined };
      return { ...waiting(job), state: 'missing', heldBytes: undefined, error: { ...GONE, at: event.at } };
    case 'bound':
      if (!job.entity || job.entity.serverId !== undefined) return job;
      return { ...job, entity: { ...job.entity, serverId: event.serverId } };
    case 'linked':
      if (state !== 'stored' || job.link?.at !== undefined) return job;
      return { ...job, link: { attempts: job.link?.attempts ?? 0, at: event.at } };
    case 'linkFailed':
      if (state !== 'stored' || job.link?.at !== undefined) return job;
      return {
        ...job,
        link: { attempts: (job.link?.attempts ?? 0) + 1, error: event.error, nextAttemptAt: event.nextAttemptAt },
      };
    case 'retry':
      if (job.link?.nextAttemptAt !== undefined) return { ...job, link: { ...job.link, nextAttemptAt: undefined } };
      return isOpen || state === 'failed' || state === 'blocked' || state === 'paused' ? begunAnew(job) : job;
    case 'sendAnyway':
      return state === 'blocked' && !body ? { ...begunAnew(job), isSentAsItIs: true } : job;
    case 'pause':
      return isOpen ? { ...job, state: 'paused' } : job;
    case 'resume':
      return state === 'paused' ? { ...job, state: body ? 'prepared' : 'staged' } : job;
    case 'cancel':
      if (state === 'stored' || state === 'canceled') return job;
      return canceled(job);
    case 'remove':
      return afterRemoval(job, event.imageIds);
    case 'cancelTold':
      return state === 'canceled' && job.isCancelUntold ? { ...job, isCancelUntold: undefined } : job;
  }
}

/** Whether it was ever sent is known to the tab that sends only. */
function canceled(job: StoredJob): StoredJob {
  const isCancelUntold = job.body && job.state !== 'stored' ? true : undefined;
  return { ...waiting(job), state: 'canceled', heldBytes: undefined, link: undefined, isCancelUntold };
}

function afterRemoval(job: StoredJob, imageIds: readonly string[] | undefined): StoredJob {
  if (job.state === 'canceled') return job;
  if (!imageIds || (job.body && imageIds.includes(job.body.imageId))) return canceled(job);
  return job.body ? job : { ...job, unwanted: [...(job.unwanted ?? []), ...imageIds] };
}

function afterCharge(job: StoredJob, event: JobEvent & { type: 'charged' }): StoredJob {
  const attempts = job.attempts + 1;
  const { error, nextAttemptAt, maxAttempts } = event;
  if (attempts >= maxAttempts) return { ...waiting(job), state: 'failed', attempts, error };
  return { ...job, attempts, error, nextAttemptAt };
}

/** A server has the bytes and goes on by itself, or as soon as somebody has acted there. */
export function isAtServer({ state, isOnServer }: StoredJob): boolean {
  return state === 'accepted' || (state === 'blocked' && isOnServer === true);
}

/** A server is asked again and again. */
function isSameNews(job: StoredJob, { error, nextAttemptAt }: JobEvent & { type: 'accepted' }): boolean {
  return job.error?.code === error?.code && job.nextAttemptAt === nextAttemptAt;
}

/** Without what belonged to the try before. */
function waiting(job: StoredJob): StoredJob {
  return { ...job, error: undefined, nextAttemptAt: undefined };
}

function begunAnew(job: StoredJob): StoredJob {
  return { ...waiting(job), state: job.body ? 'prepared' : 'staged', attempts: 0, prepareStarts: 0 };
}

/** Whether the bucket has its picture, or will. */
export function isHad({ state }: StoredJob): boolean {
  return state !== 'canceled' && state !== 'missing';
}
