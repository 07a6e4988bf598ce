import type { Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { TMP_DIR } from './layout.ts';
import { makeFolder, pathInside, removeFile } from './ownFolders.ts';
import { temporaryPath } from './temporary.ts';

/**
 * Time when a file was created, in milliseconds since the epoch. Neither renaming nor copying tools can set it. On file systems that
 * do not record it, it is the time of the last change of any kind.
 */
export function createdAt({ birthtimeMs, ctimeMs }: Pick<Stats, 'birthtimeMs' | 'ctimeMs'>): number {
  return birthtimeMs > 0 ? Math.min(birthtimeMs, ctimeMs) : ctimeMs;
}

/**
 * The current time by the clock that stamps the files of the directory. Our own clock may have jumped, and the files may be on a
 * server with another clock (R5). A file that is created after the call is not older than the result.
 * @returns `undefined` if files cannot be created and removed here
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
