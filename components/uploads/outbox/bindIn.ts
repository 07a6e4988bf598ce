import { type Entity, entityKey } from '../entity.ts';
import type { StoredJob } from '../queue/storedJob.ts';
import { UploadError } from '../uploadError.ts';
import { applyIn } from './applyIn.ts';
import type { Write } from './createConnection.ts';
import type { Binding } from './openDatabase.ts';

export interface BindingWish {
  readonly owner: string;
  readonly entity: Entity;
  readonly serverId: string;
  /** When it is told, in milliseconds since the epoch. */
  readonly at: number;
}

/** Keeps the server's id of an entity, and gives it to the pictures that it has already. @returns the jobs that it has changed */
export async function bindIn(transaction: Write, { owner, entity, serverId, at }: BindingWish): Promise<StoredJob[]> {
  const bindings = transaction.objectStore('bindings');
  const known = await bindingOf(transaction, owner, entity);
  if (known && known.serverId !== serverId) throw boundAlready();
  const jobs = await transaction.objectStore('jobs').index('entityId').getAll(entity.id);
  const isOwn = (job: StoredJob): boolean => job.owner === owner && job.entity?.type === entity.type;
  const own = jobs.filter((job) => isOwn(job) && job.entity?.serverId === undefined);
  const [bound] = await Promise.all([
    Promise.all(own.map(({ jobId }) => applyIn(transaction, jobId, { type: 'bound', serverId }))),
    bindings.put({ owner, localId: entityKey(entity), serverId, at }),
  ]);
  return bound.flatMap((job) => job ?? []);
}

/** What the app's server calls an entity, if that is known. */
export async function bindingOf(transaction: Write, owner: string, entity: Entity): Promise<Binding | undefined> {
  return transaction.objectStore('bindings').get([owner, entityKey(entity)]);
}

function boundAlready(): UploadError {
  return new UploadError({
    code: 'ENTITY_BOUND',
    message: 'This entity has another server id already.',
    hint: 'An id of the browser’s own stands for one entity for good. Give each new entity an id of its own.',
  });
}
