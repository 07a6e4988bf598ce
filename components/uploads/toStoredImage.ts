import { refOf } from './imageRef.ts';
import type { StoredImage } from './onStored.ts';
import type { StoredJob } from './queue/storedJob.ts';

/** What an app is told of a picture that the bucket has; `undefined` for one that is not there yet, or belongs to no entity. */
export function toStoredImage(
  job: StoredJob,
  urlOf: (imageRef: string) => string | undefined,
): StoredImage | undefined {
  const { jobId, state, entity, body, s3Url } = job;
  if (state !== 'stored' || !entity || !body) return undefined;
  const ref = refOf(body);
  return { entity, ref, url: s3Url || urlOf(ref) || ref, imageId: body.imageId, jobId };
}
