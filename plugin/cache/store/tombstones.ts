import type { Stats } from 'node:fs';
import { LRUCache } from 'lru-cache';
import type { ManifestChange } from '../manifest/manifestChange.ts';
import type { RemovalTimes } from '../manifest/manifestIndex.ts';
import { createdAt } from '../files/fileClock.ts';
import { type ImageName, actorFolder, keyDigest } from '../files/layout.ts';

/** Objects, and actors, whose removal is remembered one by one; what was removed before those counts for all files. */
const MAX_REMEMBERED = 100_000;

/**
 * What was cleared or invalidated, so that a file which still lies there is not adopted again: its remover may have been killed
 * before it came to remove it, or its writer before it wrote the entry (T59, R4). What counts is when a file was created, which is
 * when its download began. Files that were put there afterwards are welcome. Both times are the file system's (see `fileClock`).
 * Limit: where that clock is put back between a download and a removal, a file that both its writer and its remover have left is adopted.
 */
export class Tombstones {
  #everythingAt = 0;
  /** What is older may be outdated. */
  #invalidatedAt = 0;
  readonly #folders = createMemory((at) => this.begin({ removedAt: at, invalidatedAt: 0 }));
  readonly #keys = createMemory((at) => this.begin({ removedAt: at, invalidatedAt: at }));

  /** Takes all files that are older for removed, or outdated, ones: which they were is not known any more. */
  begin({ removedAt, invalidatedAt }: RemovalTimes): void {
    this.#everythingAt = Math.max(this.#everythingAt, removedAt);
    this.#invalidatedAt = Math.max(this.#invalidatedAt, invalidatedAt);
  }

  /** Hears of every change, from whichever process. */
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

  /** Whether the file, or the download that it is of, was there when its image was removed. */
  includes({ folder, keyDigest }: ImageName, stats: Pick<Stats, 'birthtimeMs' | 'ctimeMs'>): boolean {
    return (
      createdAt(stats) <= Math.max(this.#everythingAt, this.#folders.get(folder) ?? 0, this.#keys.get(keyDigest) ?? 0)
    );
  }

  /**
   * Whether the object may have changed since somebody else fetched this file of it: it was invalidated. What was only cleared is as
   * good as it was.
   */
  isOutdated(keyDigest: string, stats: Pick<Stats, 'birthtimeMs' | 'ctimeMs'>): boolean {
    return this.#keys.has(keyDigest) || createdAt(stats) <= this.#invalidatedAt;
  }
}

/** For a record that does not say when. It is cut to whole milliseconds, and the times of files are not. */
function assumedTime(): number {
  return Date.now() + 1;
}

function createMemory(forgotten: (at: number) => void): LRUCache<string, number> {
  return new LRUCache<string, number>({
    max: MAX_REMEMBERED,
    dispose: (at, _, reason) => {
      if (reason === 'evict') forgotten(at);
    },
  });
}
