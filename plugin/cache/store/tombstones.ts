import type { Stats } from 'node:fs';
import { LRUCache } from 'lru-cache';
import type { ManifestChange } from '../manifest/manifestChange.ts';
import { type ImageName, actorFolder, keyDigest } from '../files/layout.ts';

/** Objects, and actors, whose removal is remembered one by one; what was removed before those counts for all files. */
const MAX_REMEMBERED = 100_000;

/**
 * What was cleared or invalidated, so that a file which still lies there is not adopted again: its remover may have been killed
 * before it came to remove it, or its writer before it wrote the entry (T59, R4). What counts is when a file was created, which is
 * when its download began, and which neither renaming nor copying tools can set. Files that were put there afterwards are welcome.
 * Limit: where the clock of the file system differs from ours, an image is downloaded that could have been adopted.
 */
export class Tombstones {
  #everythingAt = 0;
  readonly #folders = createMemory((at) => this.begin(at));
  readonly #keys = createMemory((at) => this.begin(at));

  /** Takes all files that are older than this for removed ones: which they were is not known any more. */
  begin(removedAt: number): void {
    this.#everythingAt = Math.max(this.#everythingAt, removedAt);
  }

  /** Hears of every change, from whichever process. */
  note(change: ManifestChange): void {
    const at = Date.now() + 1; // it is cut to whole milliseconds, and the times of files are not
    if (change.op === 'clear') {
      if (change.actor === undefined) this.begin(at);
      else this.#folders.set(actorFolder(change.actor), at);
    }
    if (change.op !== 'delete' || change.reason !== 'invalidated') return;
    for (const key of change.keys) this.#keys.set(keyDigest(key), at);
  }

  /** Whether the file, or the download that it is of, was there when its image was removed. */
  includes(
    { folder, keyDigest }: ImageName,
    { birthtimeMs, ctimeMs }: Pick<Stats, 'birthtimeMs' | 'ctimeMs'>,
  ): boolean {
    const born = birthtimeMs > 0 ? Math.min(birthtimeMs, ctimeMs) : ctimeMs; // some file systems do not know it
    return born <= Math.max(this.#everythingAt, this.#folders.get(folder) ?? 0, this.#keys.get(keyDigest) ?? 0);
  }

  /** Whether the object is known to have changed, so that no older copy of it will do. */
  hasKey(keyDigest: string): boolean {
    return this.#keys.has(keyDigest);
  }
}

function createMemory(forgotten: (at: number) => void): LRUCache<string, number> {
  return new LRUCache<string, number>({
    max: MAX_REMEMBERED,
    dispose: (at, _, reason) => {
      if (reason === 'evict') forgotten(at);
    },
  });
}
