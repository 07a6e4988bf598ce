import { keyOf } from '../imageRef.ts';
import type { Tombstone } from '../outbox/tombstone.ts';
import type { TransportRemoval } from '../transport.ts';

/** @param tombstones of one entity, one at least */
export function toRemoval(
  tombstones: readonly [Tombstone, ...Tombstone[]],
  project: string,
  prefix: string,
): TransportRemoval {
  const [{ owner, entity }] = tombstones;
  const images = tombstones.map(({ imageId, ext }) => ({ imageId, ext, key: keyOf({ imageId, ext }, prefix) }));
  return { project, owner, entity, images, jobIds: tombstones.flatMap(({ jobIds }) => jobIds) };
}
