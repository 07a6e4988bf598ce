import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import { errnoOf } from '../files/fileError.ts';
import { JOURNAL_DIR } from '../files/layout.ts';
import { lookAt } from '../files/ownFolders.ts';

/**
 * Keeps two processes from compacting at the same time, which would only be a waste. It is a hint: proper-lockfile
 * does not exclude in every case, and nothing here depends on its doing so.
 */
export class CompactionLock {
  readonly #dir: string;
  readonly #warn: (message: string) => void;
  #hasWarned = false;

  /** @param dir the cache directory */
  constructor(dir: string, warn: (message: string) => void) {
    this.#dir = dir;
    this.#warn = warn;
  }

  /** If another process holds the lock the task is skipped; if there can be no lock it runs without one. */
  async hold(task: () => Promise<void>): Promise<void> {
    await lookAt(this.#dir, JOURNAL_DIR);
    const journalDir = join(this.#dir, JOURNAL_DIR);
    let release = async () => {};
    try {
      release = await lockfile.lock(journalDir, {
        lockfilePath: join(journalDir, 'compact.lock'),
        realpath: false,
        stale: 5000,
        update: 1000,
        retries: 0,
        // The default throws from a timer and ends the process.
        onCompromised: (error) => this.#warnOnce(`The compaction lock was lost (${error.message})`),
      });
    } catch (error) {
      if (errnoOf(error) === 'ELOCKED') return;
      this.#warnOnce(`There is no compaction lock (${errnoOf(error) ?? 'unknown error'})`);
    }
    try {
      await task();
    } finally {
      await release().catch(() => undefined); // lost meanwhile, or its directory removed
    }
  }

  /** It stays so, and is of little interest (T50). */
  #warnOnce(what: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#warn(`${what}; this does no harm.`);
  }
}
