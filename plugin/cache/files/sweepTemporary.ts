import { lstat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileClock } from './fileClock.ts';
import { JOURNAL_DIR, QUARANTINE_DIR, TEMPORARY_NAME, TMP_DIR } from './layout.ts';
import { listFolder, removeFile } from './ownFolders.ts';
import { writerOf } from './temporary.ts';

/** Files are written in the first folder. The others contain temporary files if they are volumes of their own (see `replaceFile`). */
const FOLDERS = [TMP_DIR, '', JOURNAL_DIR, QUARANTINE_DIR];

/** If we cannot tell whether a writer has ended, it counts as ended when nothing was written for this long. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Removes half-written files of processes that have ended. Returns the number of removed files. */
export async function sweepTemporary(dir: string, now: number): Promise<number> {
  let removed = 0;
  for (const folder of FOLDERS) {
    const names = (await listFolder(dir, folder)).filter((name) => TEMPORARY_NAME.test(name));
    removed += await sweepUnfinished(
      dir,
      names.map((name) => (folder === '' ? name : `${folder}/${name}`)),
      now,
    );
  }
  return removed;
}

/** Like {@link sweepTemporary}, for files that were found elsewhere, given by their paths inside the cache directory. */
export async function sweepUnfinished(dir: string, paths: Iterable<string>, now: number): Promise<number> {
  let removed = 0;
  let clock: Promise<number | undefined> | undefined;
  for (const path of paths) {
    const writer = writerOf(basename(path));
    const stats = await lstat(join(dir, path)).catch(() => undefined);
    if (stats?.isFile() !== true || writer === undefined || writer === 'ours') continue;
    if (writer === 'unknown') {
      if (now - stats.mtimeMs < ABANDONED_MS) continue;
      clock ??= fileClock(dir);
      if (((await clock) ?? 0) - stats.mtimeMs < ABANDONED_MS) continue;
    }
    if (await removeFile(dir, path).catch(() => false)) removed += 1; // the directory may be read-only
  }
  return removed;
}
