import type { StoredImage } from './onStored.ts';
import type { StoredJob } from './queue/storedJob.ts';
import { refOf } from './queue/toTransportJob.ts';

/** What an app is told of a picture that the bucket has; `undefined` for one that is not there yet, or belongs to no entity. */
export function toStoredImage(
  job: StoredJob,
  urlOf: (imageRef: string) => string | undefined,
): StoredImage | undefined {
  const { jobId, state, entity, body, s3Url } = job;
  const ref = refOf(job);
  if (state !== 'stored' || !entity || !body || ref === undefined) return undefined;
  return { entity, ref, url: s3Url || urlOf(ref) || ref, imageId: body.imageId, jobId };
}
