import { refOf } from './imageRef.ts';
import type { UploadLink } from './onStored.ts';
import type { Upload, UploadPhase, UploadPlace } from './imageUploads.ts';
import { type LinkRule, linkStatusOf } from './queue/linkRule.ts';
import type { LiveState } from './queue/liveState.ts';
import type { StoredJob } from './queue/storedJob.ts';

/** What can be done with an upload. */
export type UploadActions = Pick<
  Upload,
  'retry' | 'cancel' | 'pause' | 'resume' | 'sendAnyway' | 'saveToDisk' | 'stored'
>;

/** What is the same for all uploads. */
export interface ViewRules {
  readonly maxAttempts: number;
  readonly link: LinkRule | undefined;
}

/** The phase of a job in words for people, of its state and of what the tab that sends says. */
function phaseOf({ jobId, state, size }: StoredJob, { sending, network }: LiveState): UploadPhase {
  if (state === 'stored') return 'uploaded';
  if (state === 'accepted') return 'processing';
  if (state !== 'staged' && state !== 'prepared') return state;
  const loaded = sending[jobId];
  // All bytes are sent some time before the server has answered.
  if (loaded !== undefined) return loaded >= size ? 'processing' : 'uploading';
  return network === 'blocked' && state === 'prepared' ? 'blocked' : 'pending';
}

function placesOf({ state, heldBytes, isOnServer }: StoredJob): UploadPlace[] {
  // The browser and the server have let go of it.
  if (state === 'stored') return ['bucket'];
  const places: UploadPlace[] = heldBytes === undefined ? [] : ['browser'];
  if (isOnServer && state !== 'canceled') places.push('server');
  return places;
}

function toLink(job: StoredJob, rule: LinkRule | undefined): UploadLink | null {
  const status = linkStatusOf(job, rule);
  const { attempts = 0, nextAttemptAt = null, error = null } = job.link ?? {};
  return status ? { status, attempts, nextAttemptAt, error } : null;
}

/** @param status another one than that of the job: it is being saved */
export function toUpload(
  job: StoredJob,
  live: LiveState,
  rules: ViewRules,
  actions: (jobId: string) => UploadActions,
  status: UploadPhase = phaseOf(job, live),
): Upload {
  const { jobId, entity, body, filename, size, type, attempts, warning, createdAt, uploadedAt, s3Url } = job;
  const loaded = live.sending[jobId];
  const isWaiting = status === 'pending' || status === 'blocked';
  const own = actions(jobId);
  return {
    jobId,
    imageId: body?.imageId,
    ref: body && refOf(body),
    entity,
    filename,
    size,
    type,
    status,
    places: status === 'saving' ? [] : placesOf(job),
    progress: loaded === undefined ? null : { loaded, total: size },
    attempts,
    maxAttempts: rules.maxAttempts,
    nextAttemptAt: job.nextAttemptAt ?? (isWaiting && live.until !== undefined ? live.until : null),
    error: job.error ?? (isWaiting && live.error ? live.error : null),
    warning,
    createdAt,
    uploadedAt,
    link: toLink(job, rules.link),
    s3Url,
    // Not before it is asked for: a promise would have to be made for each picture.
    get stored() {
      return own.stored;
    },
    retry: own.retry,
    cancel: own.cancel,
    pause: own.pause,
    resume: own.resume,
    sendAnyway: own.sendAnyway,
    saveToDisk: own.saveToDisk,
  };
}
