import { join } from 'node:path';
import { errnoOf } from '../files/fileError.ts';
import { importLockfile } from '../files/importLockfile.ts';
import { JOURNAL_DIR } from '../files/layout.ts';
import { lookAt } from '../files/ownFolders.ts';

/**
 * Keeps two processes from compacting at the same time, which would only waste work. The lock is a hint: proper-lockfile
 * does not exclude the other process in every case, and nothing here depends on it.
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

  /** Skips the task if another process holds the lock, and runs it without a lock if there can be none. */
  async hold(task: () => Promise<void>): Promise<void> {
    await lookAt(this.#dir, JOURNAL_DIR);
    const journalDir = join(this.#dir, JOURNAL_DIR);
    let release = async () => {};
    try {
      const lockfile = await importLockfile();
      release = await lockfile.lock(journalDir, {
        lockfilePath: join(journalDir, 'compact.lock'),
        realpath: false,
        stale: 5000,
        update: 1000,
        retries: 0,
        // The default handler throws from a timer, which ends the process.
        onCompromised: (error) => this.#warnOnce(`The compaction lock was lost (${error.message})`),
      });
    } catch (error) {
      if (errnoOf(error) === 'ELOCKED') return;
      this.#warnOnce(`There is no compaction lock (${errnoOf(error) ?? 'unknown error'})`);
    }
    try {
      await task();
    } finally {
      await release().catch(() => undefined); // the lock was lost, or its directory removed
    }
  }

  /** Warns once: the condition lasts and does no harm (T50). */
  #warnOnce(what: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#warn(`${what}; this does no harm.`);
  }
}
