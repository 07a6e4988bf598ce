import type { Entity } from '../entity.ts';

/** The wish that an entity has a picture no more, until the other side knows it. */
export interface Tombstone {
  readonly key: string;
  /** Of this wish: the same may be wished again. */
  readonly id: string;
  readonly owner: string;
  readonly entity: Entity;
  readonly imageId: string;
  readonly ext: string;
  /** The jobs that have ended by it. */
  readonly jobIds: readonly string[];
}

export function tombstoneKey(owner: string, { type, id }: Entity, imageId: string): string {
  return JSON.stringify([owner, type, id, imageId]);
}
