import type { RemovedImage, UploadEntity } from '../uploadProtocol.ts';
import type { UploadsClock } from './clock.ts';
import { DeletionSweep } from './deletionSweep.ts';
import { PictureRemoval } from './pictureRemoval.ts';
import { PictureUses, type UseOptions } from './pictureUse.ts';

export interface PictureDeletionOptions extends UseOptions {
  keyOf: (pictureName: string) => string;
  graceMs: number;
  clock: UploadsClock;
  /** Told of each picture that is not in the bucket any more. Never rejects. */
  deleted: (pictureName: string) => Promise<void>;
}

/** All that a server needs to delete pictures: what uses them, how one is dropped, and what deletes those whose time has come. */
export interface PictureDeletion {
  uses: PictureUses;
  /** An entity has a picture no more. @throws UploadFailure */
  drop(owner: string, entity: UploadEntity, name: string): Promise<RemovedImage>;
  start(): void;
  close(): Promise<void>;
}

export function createPictureDeletion(options: PictureDeletionOptions): PictureDeletion {
  const uses = new PictureUses(options);
  const removal = new PictureRemoval({ ...options, uses, isCountedOnly: uses.areCounted });
  const sweep = new DeletionSweep({ ...options, removal });
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();
  return {
    uses,
    async drop(owner, entity, name) {
      const dropping = removal.drop(owner, entity, name, closing.signal);
      running.add(dropping);
      try {
        return await dropping;
      } finally {
        running.delete(dropping);
      }
    },
    start: () => sweep.start(),
    async close() {
      closing.abort();
      await Promise.allSettled([sweep.close(), ...running]);
    },
  };
}
