import type { ListedUpload, UploadTransport } from '../transport.ts';
import type { JobStore } from './createJobStore.ts';
import type { JobState, StoredJob } from './storedJob.ts';

interface RefillParts {
  readonly jobs: JobStore;
  readonly transport: UploadTransport;
  readonly project: string;
  readonly owner: string;
  now(): number;
}

/**
 * A browser that knows of no upload may have evicted them: those that the server has, and the bucket has not, are shown again (UPLOADS C24).
 * Asked once; when the server cannot be asked, it is asked later.
 */
export function createRefill({ jobs, transport, project, owner, now }: RefillParts): () => void {
  let isRefilled = false;

  async function refill(): Promise<void> {
    if (isRefilled || !transport.list || jobs.all().length > 0) return;
    const listed = await transport.list({ project, owner }, { signal: new AbortController().signal });
    isRefilled = true;
    await jobs.restore(listed.map((upload) => toForgottenJob(upload, owner, now())));
  }

  return () => void refill().catch(() => {});
}

/** The row of an upload that a server knows and this browser has forgotten: its origin was evicted (UPLOADS C24). It holds no bytes. */
function toForgottenJob(listed: ListedUpload, owner: string, now: number): StoredJob {
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
