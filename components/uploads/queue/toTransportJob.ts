import type { TransportJob } from '../transport.ts';
import type { StoredJob } from './storedJob.ts';

/** A reference always has the default base: it is a name, and those who read it take its last part. */
const REF_BASE = '/api/cache/i/';

export function refOf({ body }: StoredJob): string | undefined {
  return body && `${REF_BASE}${body.imageId}.${body.ext}`;
}

/** The id of the picture behind a reference, whatever base it has; `undefined` if it is none. */
export function imageIdOf(imageRef: string): string | undefined {
  return /(?:^|\/)([0-9a-f]{32}|[0-9a-f-]{36})\.[a-z0-9]{1,5}(?:[?#].*)?$/i.exec(imageRef)?.[1]?.toLowerCase();
}

/** @param prefix without slashes at its ends; may be empty */
export function keyOf({ imageId, ext }: { imageId: string; ext: string }, prefix: string): string {
  return [prefix, imageId.slice(0, 2), `${imageId}.${ext}`].filter((part) => part !== '').join('/');
}

/** `undefined` for a job that is not prepared. */
export function toTransportJob(job: StoredJob, project: string, prefix: string): TransportJob | undefined {
  const { jobId, owner, entity, body, size, type, filename } = job;
  const ref = refOf(job);
  if (!body || ref === undefined) return undefined;
  const { imageId, sha256 } = body;
  return { jobId, project, owner, entity, imageId, sha256, key: keyOf(body, prefix), ref, size, type, filename };
}
