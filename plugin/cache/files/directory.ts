import { lstat, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageCacheError } from '../../errors.ts';
import { readCacheId } from './cacheId.ts';
import { errnoOf, fileError } from './fileError.ts';
import { IMAGES_DIR, JOURNAL_DIR, QUARANTINE_DIR, TMP_DIR } from './layout.ts';
import { sweepTemporary } from './temporary.ts';

/** https://bford.info/cachedir/ : backup programs leave such a directory out. */
const CACHEDIR_TAG =
  'Signature: 8a477f597d28d172789f06886806bc55\n# This directory is a cache of vite-plugin-image-cache.\n';

/**
 * Makes the cache directory, for its owner alone, and keeps it out of version control and backups.
 * @throws ImageCacheError CACHE_DIR_UNSAFE when its name leads elsewhere
 */
export async function prepareDirectory(dir: string, now: number): Promise<void> {
  const folders = [dir, ...[IMAGES_DIR, JOURNAL_DIR, QUARANTINE_DIR, TMP_DIR].map((name) => join(dir, name))];
  for (const folder of folders) await ensureNoLink(folder);
  try {
    for (const folder of [dir, join(dir, IMAGES_DIR), join(dir, TMP_DIR)]) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    }
    await writeOnce(join(dir, '.gitignore'), '*\n');
    await writeOnce(join(dir, 'CACHEDIR.TAG'), CACHEDIR_TAG);
    await readCacheId(dir);
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

async function writeOnce(path: string, content: string): Promise<void> {
  await writeFile(path, content, { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
}
