import { lstat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { JOURNAL_DIR, QUARANTINE_DIR, TEMPORARY_NAME, TMP_DIR } from './layout.ts';
import { listFolder, removeFile } from './ownFolders.ts';
import { isAbandoned } from './temporary.ts';

/** Files are written in the first; the others have some where they are volumes of their own (see `replaceFile`). */
const FOLDERS = [TMP_DIR, '', JOURNAL_DIR, QUARANTINE_DIR];

/** Removes what processes that have ended left half written. Returns how many files that were. */
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

/** The same for files that were found elsewhere, by their paths inside the cache directory. */
export async function sweepUnfinished(dir: string, paths: Iterable<string>, now: number): Promise<number> {
  let removed = 0;
  for (const path of paths) {
    const stats = await lstat(join(dir, path)).catch(() => undefined);
    if (stats?.isFile() !== true || !isAbandoned(basename(path), stats.mtimeMs, now)) continue;
    if (await removeFile(dir, path).catch(() => false)) removed += 1; // it may be a directory that can only be read
  }
  return removed;
}
