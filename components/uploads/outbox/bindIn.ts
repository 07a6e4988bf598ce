import type { StoredJob } from '../queue/storedJob.ts';
import { UploadError } from '../uploadError.ts';
import { applyIn } from './applyIn.ts';
import type { Write } from './createConnection.ts';
import type { Binding } from './openDatabase.ts';

/** Keeps the server's id of an entity, and gives it to the pictures that it has already. @returns the jobs that it has changed */
export async function bindIn(transaction: Write, binding: Binding): Promise<StoredJob[]> {
  const { owner, localId, serverId } = binding;
  const bindings = transaction.objectStore('bindings');
  const known = await bindings.get([owner, localId]);
  if (known && known.serverId !== serverId) throw boundAlready();
  const jobs = await transaction.objectStore('jobs').index('entityId').getAll(localId);
  const own = jobs.filter((job) => job.owner === owner && job.entity?.serverId === undefined);
  const [bound] = await Promise.all([
    Promise.all(own.map(({ jobId }) => applyIn(transaction, jobId, { type: 'bound', serverId }))),
    bindings.put(binding),
  ]);
  return bound.flatMap((job) => job ?? []);
}

function boundAlready(): UploadError {
  return new UploadError({
    code: 'ENTITY_BOUND',
    message: 'This entity has another server id already.',
    hint: 'An id of the browser’s own stands for one entity for good. Give each new entity an id of its own.',
  });
}
