import type { RemovedImage, UploadEntity } from '../uploadProtocol.ts';
import type { UploadsClock } from './clock.ts';
import { DeletionSweep } from './deletionSweep.ts';
import { type FoundUploads, PictureRemoval } from './pictureRemoval.ts';
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
  drop(owner: string, entity: UploadEntity, name: string, jobIds: ReadonlySet<string>): Promise<RemovedImage>;
  /** The uploads by which an entity has a picture. @throws UploadFailure */
  uploadsOf(owner: string, entity: UploadEntity, name: string): Promise<FoundUploads>;
  /** What an upload that was canceled has left behind. What becomes of the picture is for the sweep. @throws UploadFailure */
  takeBack(owner: string, entity: UploadEntity, name: string, jobId: string): Promise<void>;
  start(): void;
  close(): Promise<void>;
}

export function createPictureDeletion(options: PictureDeletionOptions): PictureDeletion {
  const uses = new PictureUses(options);
  const removal = new PictureRemoval({ ...options, uses, isCountedOnly: uses.areCounted });
  const sweep = new DeletionSweep({ ...options, removal });
  const closing = new AbortController();
  const running = new Set<Promise<unknown>>();
  async function tracked<T>(work: Promise<T>): Promise<T> {
    running.add(work);
    try {
      return await work;
    } finally {
      running.delete(work);
    }
  }
  const { signal } = closing;
  return {
    uses,
    drop: (owner, entity, name, jobIds) => tracked(removal.drop(owner, entity, name, jobIds, signal)),
    uploadsOf: (owner, entity, name) => tracked(removal.uploadsOf(owner, entity, name, signal)),
    async takeBack(owner, entity, name, jobId) {
      if (uses.areCounted) await tracked(removal.takeBack(owner, entity, name, { jobIds: new Set([jobId]) }, signal));
    },
    start: () => sweep.start(),
    async close() {
      closing.abort();
      await Promise.allSettled([sweep.close(), ...running]);
    },
  };
}
