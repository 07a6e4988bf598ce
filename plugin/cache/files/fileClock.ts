import type { Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { TMP_DIR } from './layout.ts';
import { makeFolder, pathInside, removeFile } from './ownFolders.ts';
import { temporaryPath } from './temporary.ts';

/**
 * When a file was created, which neither renaming nor copying tools can set, in milliseconds since the epoch. Some file systems do not
 * know it; then it is when the file was last changed in any way.
 */
export function createdAt({ birthtimeMs, ctimeMs }: Pick<Stats, 'birthtimeMs' | 'ctimeMs'>): number {
  return birthtimeMs > 0 ? Math.min(birthtimeMs, ctimeMs) : ctimeMs;
}

/**
 * What time it is for the files of the directory: our own clock may have jumped, and theirs be that of a server (R5). A file that is
 * created after the call is not older.
 * @returns `undefined` where nothing can be written, or removed
 */
export async function fileClock(dir: string): Promise<number | undefined> {
  const path = temporaryPath(dir);
  try {
    await makeFolder(dir, TMP_DIR);
    const file = await open(path, 'wx', 0o600);
    try {
      return createdAt(await file.stat());
    } finally {
      await file.close();
      await removeFile(dir, pathInside(dir, path));
    }
  } catch {
    return undefined;
  }
}
