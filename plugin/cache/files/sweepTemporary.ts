import { lstat, open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { JOURNAL_DIR, QUARANTINE_DIR, TEMPORARY_NAME, TMP_DIR } from './layout.ts';
import { listFolder, makeFolder, pathInside, removeFile } from './ownFolders.ts';
import { temporaryPath, writerOf } from './temporary.ts';

/** Files are written in the first; the others have some where they are volumes of their own (see `replaceFile`). */
const FOLDERS = [TMP_DIR, '', JOURNAL_DIR, QUARANTINE_DIR];

/** A writer that we cannot tell to have ended counts as such when nothing was written for this long. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

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
  let fileClock: Promise<number> | undefined;
  for (const path of paths) {
    const writer = writerOf(basename(path));
    const stats = await lstat(join(dir, path)).catch(() => undefined);
    if (stats?.isFile() !== true || writer === undefined || writer === 'ours') continue;
    if (writer === 'unknown') {
      if (now - stats.mtimeMs < ABANDONED_MS) continue;
      fileClock ??= fileClockOf(dir);
      if ((await fileClock) - stats.mtimeMs < ABANDONED_MS) continue;
    }
    if (await removeFile(dir, path).catch(() => false)) removed += 1; // it may be a directory that can only be read
  }
  return removed;
}

/** What time it is for the files of the directory: our own clock may be a day ahead, and theirs be that of a server (R5). */
async function fileClockOf(dir: string): Promise<number> {
  const path = temporaryPath(dir);
  try {
    await makeFolder(dir, TMP_DIR);
    const file = await open(path, 'wx', 0o600);
    try {
      return (await file.stat()).mtimeMs;
    } finally {
      await file.close();
      await removeFile(dir, pathInside(dir, path));
    }
  } catch {
    return Number.NEGATIVE_INFINITY; // nothing can be written here, or removed
  }
}
