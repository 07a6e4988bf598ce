import { type JobEvent, reduceJob } from '../queue/jobState.ts';
import type { StoredJob } from '../queue/storedJob.ts';
import type { Write } from './createConnection.ts';
import type { HeldBytes } from './openDatabase.ts';
import { tombstoneKey } from './tombstone.ts';

/** Changes a job in a transaction, with its bytes. A picture that is added again takes back the wish that its entity has it no more. */
export async function applyIn(
  transaction: Write,
  jobId: string,
  event: JobEvent,
  bytes?: HeldBytes,
): Promise<StoredJob | undefined> {
  const jobs = transaction.objectStore('jobs');
  const held = transaction.objectStore('bytes');
  const job = await jobs.get(jobId);
  const next = job && reduceJob(job, event);
  if (!next || next === job) return next;
  // The bytes first: a Blob that is refused is refused before anything else is under way.
  const writes: Promise<unknown>[] = [];
  const { state, owner, entity, body } = next;
  if (state === 'stored' || state === 'canceled') writes.push(held.delete(jobId));
  else if (bytes !== undefined) writes.push(held.put(bytes, jobId));
  if (event.type === 'prepared' && state === 'prepared' && entity && body) {
    writes.push(transaction.objectStore('tombstones').delete(tombstoneKey(owner, entity, body.imageId)));
  }
  await Promise.all([...writes, jobs.put(next)]);
  return next;
}
