import type { Stats } from 'node:fs';
import type { ManifestChange } from '../manifest/manifestChange.ts';
import type { RemovalTimes } from '../manifest/manifestIndex.ts';
import { createdAt } from '../files/fileClock.ts';
import { type ImageName, actorFolder, keyDigest } from '../files/layout.ts';
import { createRecentMap } from '../../recentMap.ts';

/** Maximum number of images, and of actors, whose removal is remembered individually. Older removals count for all files. */
const MAX_REMEMBERED = 100_000;

/**
 * Remembers which images were cleared or invalidated, so that a file that is still there is not adopted again: the process
 * that removed the image may have been killed before it removed the file, or its writer before it wrote the entry (T59, R4).
 * The criterion is when a file was created, which is when its download began. Files that were added later may be adopted.
 * Both times come from the file system (see `fileClock`).
 * Limit: if that clock is put back between a download and a removal, a file is adopted that both processes failed to remove.
 */
export class Tombstones {
  #everythingAt = 0;
  /** Files that are older than this may be outdated. */
  #invalidatedAt = 0;
  readonly #folders = createRecentMap<number>(MAX_REMEMBERED, {
    evicted: (at) => this.begin({ removedAt: at, invalidatedAt: 0 }),
  });
  readonly #keys = createRecentMap<number>(MAX_REMEMBERED, {
    evicted: (at) => this.begin({ removedAt: at, invalidatedAt: at }),
  });

  /** Treats all older files as removed or outdated, because it is no longer known which ones were. */
  begin({ removedAt, invalidatedAt }: RemovalTimes): void {
    this.#everythingAt = Math.max(this.#everythingAt, removedAt);
    this.#invalidatedAt = Math.max(this.#invalidatedAt, invalidatedAt);
  }

  /** Notes each change, including the changes of other processes. */
  note(change: ManifestChange): void {
    if (change.op === 'clear') {
      const { at = assumedTime() } = change;
      if (change.actor === undefined) this.begin({ removedAt: at, invalidatedAt: 0 });
      else this.#folders.set(actorFolder(change.actor), at);
    }
    if (change.op !== 'delete' || change.reason !== 'invalidated') return;
    const { at = assumedTime() } = change;
    for (const key of change.keys) this.#keys.set(keyDigest(key), at);
  }

  /** True if the file, or the download that wrote it, existed when its image was removed. */
  includes({ folder, keyDigest }: ImageName, stats: Pick<Stats, 'birthtimeMs' | 'ctimeMs'>): boolean {
    return (
      createdAt(stats) <= Math.max(this.#everythingAt, this.#folders.get(folder) ?? 0, this.#keys.get(keyDigest) ?? 0)
    );
  }

  /**
   * True if the image may have changed since the file was fetched, because it was invalidated. Clearing an image does not
   * make other copies of it outdated.
   */
  isOutdated(keyDigest: string, stats: Pick<Stats, 'birthtimeMs' | 'ctimeMs'>): boolean {
    return this.#keys.has(keyDigest) || createdAt(stats) <= this.#invalidatedAt;
  }
}

/** The time of a removal whose record has none. It is rounded up, because the times of files are not in whole milliseconds. */
function assumedTime(): number {
  return Date.now() + 1;
}
