import { dirname, join } from 'node:path';
import { readCacheId } from './readCacheId.ts';
import { fileError } from './fileError.ts';
import { IMAGES_DIR, JOURNAL_DIR, TAG_FILE, TMP_DIR } from './layout.ts';
import { OWN_TAG } from './ensureOwnDirectory.ts';
import { makeFolder, makeLastingFolder } from './ownFolders.ts';
import { ensurePrivateDirectory } from './ensurePrivateDirectory.ts';
import { retryWhenRemoved } from './retryWhenRemoved.ts';
import { ensureSafeDirectory } from './ensureSafeDirectory.ts';
import { syncDirectory } from './syncDirectory.ts';
import { sweepTemporary } from './sweepTemporary.ts';
import { writeOnce } from './writeOnce.ts';

/**
 * Creates the cache directory for its owner only, and keeps it out of version control and backups. If it is removed meanwhile, it
 * is created again.
 * @param fsync true if its content, and therefore its own name, is to survive a power cut
 * @throws ImageCacheError CACHE_DIR_UNSAFE when its name leads elsewhere, when it is used for something else, or when other users
 * may write to it
 */
export async function prepareDirectory(dir: string, now: number, fsync: boolean): Promise<void> {
  try {
    await retryWhenRemoved(() => tryPrepare(dir, now, fsync));
  } catch (error) {
    throw fileError(error);
  }
}

async function tryPrepare(dir: string, now: number, fsync: boolean): Promise<void> {
  await ensureSafeDirectory(dir);
  await ensurePrivateDirectory(dir);
  await makeLastingFolder(dir, '');
  for (const name of [IMAGES_DIR, JOURNAL_DIR, TMP_DIR]) await makeFolder(dir, name);
  await writeOnce(join(dir, '.gitignore'), '*\n', fsync);
  await writeOnce(join(dir, TAG_FILE), OWN_TAG, fsync);
  await readCacheId(dir);
  // Another process may have created them without having synced them yet (T68).
  if (fsync) for (const parent of [dir, dirname(dir)]) await syncDirectory(parent);
  await sweepTemporary(dir, now);
}
