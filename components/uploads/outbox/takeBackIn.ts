import { isHad } from '../queue/jobState.ts';
import type { StoredJob } from '../queue/storedJob.ts';
import type { Write } from './createConnection.ts';
import { tombstoneKey } from './tombstone.ts';

/** A picture that is added again takes back the wish that its entity has it no more. @returns the job, which remembers that */
export async function takeBackIn(transaction: Write, job: StoredJob): Promise<StoredJob> {
  const { owner, entity, body } = job;
  if (!entity || !body) return job;
  const tombstones = transaction.objectStore('tombstones');
  const key = tombstoneKey(owner, entity, body.imageId);
  const tookBack =
    (await tombstones.get(key)) ?? (await othersIn(transaction, job)).find((other) => other.tookBack)?.tookBack;
  if (!tookBack) return job;
  await tombstones.delete(key);
  return { ...job, tookBack };
}

/** When that is canceled, the wish holds again, unless the picture was added once more. */
export async function wishAgainIn(transaction: Write, job: StoredJob): Promise<void> {
  const { jobId, tookBack } = job;
  if (!tookBack || (await othersIn(transaction, job)).length > 0) return;
  // As a wish of its own: what the other side is told at the moment says nothing of this upload.
  await transaction.objectStore('tombstones').put({ ...tookBack, id: jobId, jobIds: [...tookBack.jobIds, jobId] });
}

/** What else gives the picture to the same entity. */
export async function othersIn(transaction: Write, { jobId, owner, entity, body }: StoredJob): Promise<StoredJob[]> {
  const jobs = await transaction
    .objectStore('jobs')
    .index('entityId')
    .getAll(entity?.id ?? '');
  return jobs.filter(
    (job) =>
      job.jobId !== jobId &&
      job.owner === owner &&
      job.entity?.type === entity?.type &&
      job.body?.imageId === body?.imageId &&
      isHad(job),
  );
}
