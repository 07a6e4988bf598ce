import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageCacheError } from '../../errors.ts';
import { errnoOf } from './fileError.ts';
import { IMAGES_DIR, JOURNAL_DIR, TMP_DIR } from './layout.ts';
import { ensureSafeDirectory } from './ensureSafeDirectory.ts';

const DENIED: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'EROFS']);

/**
 * Checks whether images can be kept in the directory, as the first request would. Creates and changes nothing, and does not check
 * folders that do not exist yet.
 * @throws ImageCacheError CACHE_DIR_UNSAFE, CACHE_UNWRITABLE
 */
export async function ensureUsable(dir: string): Promise<void> {
  await ensureSafeDirectory(dir);
  await ensureWritable(dir);
}

/**
 * Checks whether this process may write to the folders of the cache that exist. Creates nothing.
 *
 * Limit: a disk that refuses writes although its permissions allow them is noticed at the first write.
 * @param dir absolute
 * @param mayAccess for tests: root may write everywhere
 * @throws ImageCacheError CACHE_UNWRITABLE, with the name of the directory
 */
export async function ensureWritable(dir: string, mayAccess = access): Promise<void> {
  for (const path of [dir, ...[IMAGES_DIR, JOURNAL_DIR, TMP_DIR].map((name) => join(dir, name))]) {
    try {
      await mayAccess(path, constants.W_OK | constants.X_OK);
    } catch (error) {
      const code = errnoOf(error);
      if (!DENIED.has(code)) continue; // it does not exist yet, or the problem is reported when it is used
      const remedy =
        code === 'EROFS'
          ? 'Its file system is mounted read-only: name another directory in `cacheDir`.'
          : `Give it to the user that runs this server (sudo chown -R "$USER" '${dir}'), or name another directory in \`cacheDir\`.`;
      throw new ImageCacheError('CACHE_UNWRITABLE', `The cache directory ${path} cannot be written (${code}).`, {
        cause: error,
        hint: `${remedy} Until then no image is kept.`,
      });
    }
  }
}
