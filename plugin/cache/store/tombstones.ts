import { LRUCache } from 'lru-cache';
import type { ManifestChange } from '../manifest/manifestChange.ts';
import { type ImageName, actorFolder, keyDigest } from '../files/layout.ts';

/** Objects, and actors, whose clearing is remembered; the files are gone long before so many others follow. */
const MAX_REMEMBERED = 100_000;

/**
 * What was cleared or invalidated, so that a file which still lies there, because whoever cleared it has not come to
 * remove it yet, is not adopted again (T59). Files that were put there afterwards are welcome. Their age is told by
 * `ctime`, which no copying tool can set, against the clock that the file system uses as well; where the two clocks
 * differ an image is downloaded that could have been adopted.
 */
export class Tombstones {
  #everythingAt = -Infinity;
  readonly #folders = new LRUCache<string, number>({ max: MAX_REMEMBERED });
  readonly #keys = new LRUCache<string, number>({ max: MAX_REMEMBERED });

  /** Hears of every change, from whichever process. */
  observe(change: ManifestChange): void {
    const at = Date.now() + 1; // it is cut to whole milliseconds, and `ctime` is not
    if (change.op === 'clear') {
      if (change.actor === undefined) this.#everythingAt = at;
      else this.#folders.set(actorFolder(change.actor), at);
    }
    if (change.op !== 'delete' || change.reason !== 'invalidated') return;
    for (const key of change.keys) this.#keys.set(keyDigest(key), at);
  }

  /** Whether the file was there when its image was taken back. */
  includes({ folder, keyDigest }: ImageName, ctimeMs: number): boolean {
    const at = Math.max(
      this.#everythingAt,
      this.#folders.get(folder) ?? -Infinity,
      this.#keys.get(keyDigest) ?? -Infinity,
    );
    return ctimeMs <= at;
  }

  /** Whether the object is known to have changed, so that no older copy of it will do. */
  hasKey(keyDigest: string): boolean {
    return this.#keys.has(keyDigest);
  }
}
