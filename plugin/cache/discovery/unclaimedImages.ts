import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { removeUnlessListed } from '../files/removeUnlessListed.ts';
import type { Reclaimable } from '../store/reclaimable.ts';
import { TimeSlice } from '../../timeSlice.ts';

/** A file without an entry counts as settled after this time: another process may have named it and not written its entry yet. */
export const SETTLED_MS = 60_000;
/** How often, in milliseconds, the files are checked for whether they have settled. */
const SETTLE_EVERY_MS = 1000;
/** Maximum number of files that are measured at the same time. */
const LANES = 4;
/** Maximum number of files that are removed at the same time, so that they share the reading of the manifest. */
const REMOVED_AT_ONCE = 32;

interface Measured {
  size: number;
  /** Time when the file was last changed or renamed. */
  ctimeMs: number;
}

export interface UnclaimedImagesOptions {
  /** The cache directory. */
  dir: string;
  /** Returns true if the file has an entry. */
  isKnown: (path: string) => boolean;
  /** Reads the changes of other processes. */
  refresh: () => Promise<void>;
  now: () => number;
}

/**
 * Image files without an entry: they were restored or synced, or left by a process that was killed before it wrote one. They are
 * removed first to make room. They count for the size of the cache once they have settled: until then a process may be storing
 * the file, and has reserved room for it, or the file was just evicted.
 */
export class UnclaimedImages implements Reclaimable {
  readonly #options: UnclaimedImagesOptions;
  readonly #files = new Map<string, Measured>();
  /** Files that may still get an entry. */
  readonly #young = new Set<string>();
  /** Totals of all files, and of those that have settled. */
  #totalBytes = 0;
  #settledBytes = 0;
  #settledAt = Number.NEGATIVE_INFINITY;

  constructor(options: UnclaimedImagesOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#files.size;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** Bytes that can be removed to make room. */
  get bytes(): number {
    this.#settle();
    return this.#settledBytes;
  }

  /** Remembers these files, and forgets all others. */
  async update(paths: Iterable<string>, signal: AbortSignal): Promise<void> {
    const found = new Set<string>();
    const unmeasured: string[] = [];
    const timeSlice = new TimeSlice();
    for (const path of paths) {
      if (timeSlice.isOver) await timeSlice.yield();
      if (this.#options.isKnown(path)) continue;
      found.add(path);
      const known = this.#files.get(path);
      if (known === undefined || !this.#isSettled(known)) unmeasured.push(path); // a file that is not settled may still grow
    }
    for (const path of this.#files.keys()) if (!found.has(path)) this.forget(path);
    const rest = unmeasured.values();
    const lanes = Array.from({ length: LANES }, async () => {
      for (const path of rest) {
        if (signal.aborted) return;
        await this.#measure(path);
      }
    });
    await Promise.all(lanes);
  }

  paths(): IterableIterator<string> {
    return this.#files.keys();
  }

  /** The files with their sizes. */
  *files(): Generator<Measured & { path: string }> {
    for (const [path, file] of this.#files) yield { path, ...file };
  }

  /** Forgets a file that has an entry now, or is gone. */
  forget(path: string): void {
    const size = this.#files.get(path)?.size ?? 0;
    this.#totalBytes -= size;
    if (!this.#young.delete(path)) this.#settledBytes -= size;
    this.#files.delete(path);
  }

  /** In the order in which the files were found. */
  async reclaim(bytes: number): Promise<number> {
    if (bytes <= 0 || this.#files.size === 0) return 0;
    await this.#options.refresh();
    const rest = this.#files.entries();
    let freed = 0;
    while (freed < bytes) {
      const paths = this.#takeSettled(rest, bytes - freed);
      if (paths.length === 0) break;
      const removed = await Promise.all(paths.map((path) => this.#remove(path)));
      freed = removed.reduce((sum, size) => sum + size, freed);
    }
    return freed;
  }

  /** The next files that have this many bytes together, or the beginning of them. */
  #takeSettled(rest: Iterable<[path: string, file: Measured]>, bytes: number): string[] {
    const paths: string[] = [];
    let found = 0;
    for (const [path, file] of rest) {
      if (!this.#isSettled(file)) continue;
      paths.push(path);
      found += file.size;
      if (found >= bytes || paths.length === REMOVED_AT_ONCE) break;
    }
    return paths;
  }

  /** Removes a file, unless it has an entry by now or has changed. Returns its bytes. */
  async #remove(path: string): Promise<number> {
    const known = this.#files.get(path);
    this.forget(path);
    if (known === undefined || this.#options.isKnown(path)) return 0;
    const file = join(this.#options.dir, path);
    const stats = await lstat(file).catch(() => undefined);
    if (stats?.ctimeMs !== known.ctimeMs) return 0;
    const { dir, refresh, isKnown } = this.#options;
    const listing = { refresh, isListed: isKnown };
    const removed = await removeUnlessListed(dir, [path], listing).catch(() => []); // the directory may be read-only
    return removed.length > 0 ? known.size : 0;
  }

  #settle(): void {
    const now = this.#options.now();
    if (this.#young.size === 0 || Math.abs(now - this.#settledAt) < SETTLE_EVERY_MS) return;
    this.#settledAt = now;
    for (const path of this.#young) {
      const file = this.#files.get(path);
      if (file === undefined || !this.#isSettled(file)) continue;
      this.#young.delete(path);
      this.#settledBytes += file.size;
    }
  }

  #isSettled({ ctimeMs }: Measured): boolean {
    return this.#options.now() - ctimeMs >= SETTLED_MS;
  }

  async #measure(path: string): Promise<void> {
    const stats = await lstat(join(this.#options.dir, path)).catch(() => undefined);
    this.forget(path);
    if (stats?.isFile() !== true || this.#options.isKnown(path)) return;
    this.#files.set(path, { size: stats.size, ctimeMs: stats.ctimeMs });
    this.#young.add(path);
    this.#totalBytes += stats.size;
  }
}
