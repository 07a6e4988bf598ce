import { keyOf, refOf } from '../imageRef.ts';
import type { TransportJob } from '../transport.ts';
import type { StoredJob } from './storedJob.ts';

/** `undefined` for a job that is not prepared. */
export function toTransportJob(job: StoredJob, project: string, prefix: string): TransportJob | undefined {
  const { jobId, owner, entity, body, size, type, filename } = job;
  if (!body) return undefined;
  const { imageId, sha256 } = body;
  return {
    jobId,
    project,
    owner,
    entity,
    imageId,
    sha256,
    key: keyOf(body, prefix),
    ref: refOf(body),
    size,
    type,
    filename,
  };
}
