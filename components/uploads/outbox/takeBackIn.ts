import type { StoredJob } from '../queue/storedJob.ts';
import type { Write } from './createConnection.ts';
import { tombstoneKey } from './tombstone.ts';

/** A picture that is added again takes back the wish that its entity has it no more. */
export async function takeBackIn(transaction: Write, { owner, entity, body }: StoredJob): Promise<void> {
  if (entity && body) await transaction.objectStore('tombstones').delete(tombstoneKey(owner, entity, body.imageId));
}
