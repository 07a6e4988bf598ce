import type { Entity } from '../entity.ts';
import type { StoredJob } from '../queue/storedJob.ts';
import { UploadError } from '../uploadError.ts';
import { applyIn } from './applyIn.ts';
import { bindingOf } from './bindIn.ts';
import type { Write } from './createConnection.ts';
import { tombstoneKey } from './tombstone.ts';

export interface Picture {
  readonly imageId: string;
  /** Of one that this browser does not know. */
  readonly ext: string | undefined;
}

/** That an entity has certain pictures no more, or none at all. */
export interface Wish {
  /** Of this wish. */
  readonly id: string;
  readonly owner: string;
  readonly entity: Entity;
  readonly pictures: readonly Picture[];
  /** `all`: the others that this browser knows of, too. */
  readonly others: 'all' | 'stay';
}

/** Ends the jobs that a wish is about, and leaves tombstones, so that the other side is told. @returns the jobs that it has changed */
export async function removeIn(
  transaction: Write,
  { id, owner, entity, pictures, others }: Wish,
): Promise<StoredJob[]> {
  const tombstones = transaction.objectStore('tombstones');
  const binding = await bindingOf(transaction, owner, entity);
  const rows = await transaction.objectStore('jobs').index('entityId').getAll(entity.id);
  const jobs = rows.filter((job) => job.owner === owner && job.entity?.type === entity.type);
  const known = others === 'all' ? jobs.flatMap(({ body }) => body ?? []) : [];
  const gone = new Map<string, string>();
  for (const { imageId, ext } of [...known, ...pictures]) {
    // Of what kind it was uploaded counts, whatever a text calls it.
    const own = jobs.find(({ body }) => body?.imageId === imageId)?.body?.ext ?? ext;
    if (own === undefined) throw unknownImage();
    gone.set(imageId, own);
  }

  const changed: StoredJob[] = [];
  for (const { jobId, revision } of jobs) {
    const imageIds = others === 'all' ? undefined : Array.from(gone.keys());
    const job = await applyIn(transaction, jobId, { type: 'remove', imageIds });
    if (job && job.revision !== revision) changed.push(job);
  }
  const serverId = entity.serverId ?? binding?.serverId;
  const named = { type: entity.type, id: entity.id, ...(serverId !== undefined && { serverId }) };
  const left = Array.from(gone, ([imageId, ext]) => {
    const jobIds = jobs.filter(({ body }) => body?.imageId === imageId).map(({ jobId }) => jobId);
    const key = tombstoneKey(owner, entity, imageId);
    return tombstones.put({ key, id, owner, entity: named, imageId, ext, jobIds });
  });
  await Promise.all(left);
  return changed;
}

export function unknownImage(): UploadError {
  return new UploadError({
    code: 'IMAGE_UNKNOWN',
    message: 'This browser knows no picture of the entity by that id.',
    hint: 'Give its reference (`/api/cache/i/<id>.<ext>`), which says of what kind the file is.',
  });
}
