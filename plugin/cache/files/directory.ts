import { lstat, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ImageCacheError } from '../../errors.ts';
import { readCacheId } from './cacheId.ts';
import { errnoOf, fileError } from './fileError.ts';
import { IMAGES_DIR, JOURNAL_DIR, QUARANTINE_DIR, TAG_FILE, TMP_DIR, VARIANTS_DIR } from './layout.ts';
import { makeDirectory } from './makeDirectory.ts';
import { ensureOwnDirectory } from './ownDirectory.ts';
import { syncDirectory } from './syncDirectory.ts';
import { sweepTemporary } from './temporary.ts';
import { writeOnce } from './writeOnce.ts';

const CACHEDIR_TAG =
  'Signature: 8a477f597d28d172789f06886806bc55\n# This directory is a cache of vite-plugin-image-cache.\n';

/**
 * Makes the cache directory, for its owner alone, and keeps it out of version control and backups.
 * @param sync whether what is in it is to survive a power cut, and so must its own name
 * @throws ImageCacheError CACHE_DIR_UNSAFE when its name leads elsewhere, or when it is used for something else
 */
export async function prepareDirectory(dir: string, now: number, sync: boolean): Promise<void> {
  const names = [IMAGES_DIR, VARIANTS_DIR, JOURNAL_DIR, QUARANTINE_DIR, TMP_DIR];
  for (const folder of [dir, ...names.map((name) => join(dir, name))]) await ensureNoLink(folder);
  await ensureOwnDirectory(dir);
  try {
    await makeDirectory(dir);
    for (const name of [IMAGES_DIR, JOURNAL_DIR, TMP_DIR]) {
      await mkdir(join(dir, name), { recursive: true, mode: 0o700 });
    }
    await writeOnce(join(dir, '.gitignore'), '*\n', sync);
    await writeOnce(join(dir, TAG_FILE), CACHEDIR_TAG, sync);
    await readCacheId(dir);
    // Another process may have made them, and not have come to this yet (T68).
    if (sync) for (const parent of [dir, dirname(dir)]) await syncDirectory(parent);
  } catch (error) {
    throw fileError(error);
  }
  await sweepTemporary(dir, now);
}

async function ensureNoLink(path: string): Promise<void> {
  const there = await lstat(path).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw fileError(error);
  });
  if (there === undefined || there.isDirectory()) return;
  throw new ImageCacheError(
    'CACHE_DIR_UNSAFE',
    'The cache directory, or a folder in it, is a symbolic link or a file.',
    {
      hint: 'Name the real directory in `cacheDir`: whoever can change a link decides where files are written and removed.',
    },
  );
}
