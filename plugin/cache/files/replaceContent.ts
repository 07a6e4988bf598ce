import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { moveFile, pathInside, removeFile } from './ownFolders.ts';
import { temporaryPath } from './temporary.ts';

/**
 * Gives a file this content, whether it existed or not, readable by its owner only. No process sees it half written. Nothing is synced.
 * @param dir the cache directory, in which there is a folder `tmp/`
 * @param name one of our names in it
 */
export async function replaceContent(dir: string, name: string, content: string): Promise<void> {
  const tmp = temporaryPath(dir);
  try {
    await writeFile(tmp, content, { flag: 'wx', mode: 0o600 });
    await moveFile(dir, tmp, join(dir, name));
  } catch (error) {
    await removeFile(dir, pathInside(dir, tmp)).catch(() => undefined);
    throw error;
  }
}
