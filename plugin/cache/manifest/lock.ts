import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import { errnoOf } from '../files/fileError.ts';

/**
 * Keeps two processes from compacting at the same time, which would only be a waste. It is a hint: proper-lockfile
 * does not exclude in every case, and nothing here depends on its doing so. If another process holds the lock the
 * task is skipped; if there can be no lock it runs without one.
 */
export async function withCompactionLock(
  journalDir: string,
  warn: (message: string) => void,
  task: () => Promise<void>,
): Promise<void> {
  let release = async () => {};
  try {
    release = await lockfile.lock(journalDir, {
      lockfilePath: join(journalDir, 'compact.lock'),
      realpath: false,
      stale: 5000,
      update: 1000,
      retries: 0,
      // The default throws from a timer and ends the process.
      onCompromised: (error) => warn(`The compaction lock was lost (${error.message}); this does no harm.`),
    });
  } catch (error) {
    if (errnoOf(error) === 'ELOCKED') return;
    warn(`There is no compaction lock (${errnoOf(error) ?? 'unknown error'}); this does no harm.`);
  }
  try {
    await task();
  } finally {
    await release().catch(() => undefined); // lost meanwhile, or its directory removed
  }
}
