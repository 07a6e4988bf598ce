import type { ListedUpload } from '../transport.ts';
import type { JobState, StoredJob } from './storedJob.ts';

/** The row of an upload that a server knows and this browser has forgotten: its origin was evicted (UPLOADS C24). It holds no bytes. */
export function toForgottenJob(listed: ListedUpload, owner: string, now: number): StoredJob {
  const { jobId, sha256, ext, filename, type, size, createdAt, entity, answer } = listed;
  const state: JobState = answer.state;
  return {
    jobId,
    owner,
    state,
    revision: 1,
    filename,
    type,
    size,
    createdAt,
    prepareStarts: 0,
    attempts: 0,
    body: { sha256, imageId: sha256.slice(0, 32), ext },
    isOnServer: true,
    entity,
    ...(answer.error && { error: { ...answer.error, at: now } }),
  };
}
