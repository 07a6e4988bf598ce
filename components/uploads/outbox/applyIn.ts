import { type JobEvent, reduceJob } from '../queue/jobState.ts';
import type { StoredJob } from '../queue/storedJob.ts';
import type { Write } from './createConnection.ts';
import type { HeldBytes } from './openDatabase.ts';
import { takeBackIn, wishAgainIn } from './takeBackIn.ts';

/** Changes a job in a transaction, with its bytes. */
export async function applyIn(
  transaction: Write,
  jobId: string,
  event: JobEvent,
  bytes?: HeldBytes,
): Promise<StoredJob | undefined> {
  const jobs = transaction.objectStore('jobs');
  const held = transaction.objectStore('bytes');
  const job = await jobs.get(jobId);
  const reduced = job && reduceJob(job, event);
  if (!reduced || reduced === job) return reduced;
  // The bytes first: a Blob that is refused is refused before anything else is under way.
  const writes: Promise<unknown>[] = [];
  const next =
    event.type === 'prepared' && reduced.state === 'prepared' ? await takeBackIn(transaction, reduced) : reduced;
  const { state } = next;
  if (state === 'stored' || state === 'canceled') writes.push(held.delete(jobId));
  else if (bytes !== undefined) writes.push(held.put(bytes, jobId));
  if (event.type === 'cancel') writes.push(wishAgainIn(transaction, next));
  await Promise.all([...writes, jobs.put(next)]);
  return next;
}
