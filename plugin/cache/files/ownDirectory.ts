import { readdir } from 'node:fs/promises';
import { ImageCacheError } from '../../errors.ts';
import { OWN_NAMES, TAG_FILE } from './layout.ts';

/**
 * Refuses a directory with other things in it: a cache keeps all that is in its directory out of version control, backups and Vite's
 * reach, which would be the end of a `src` or `public`. Hidden files are nobody's.
 * @throws ImageCacheError CACHE_DIR_UNSAFE
 */
export async function ensureOwnDirectory(dir: string): Promise<void> {
  const names: string[] = await readdir(dir).catch(() => []); // whatever is wrong with it is found when it is used
  const foreign = names.find((name) => !OWN_NAMES.has(name) && !name.startsWith('.'));
  if (foreign === undefined || names.includes(TAG_FILE)) return;
  throw new ImageCacheError('CACHE_DIR_UNSAFE', 'The directory of `cacheDir` holds files that are not of the cache.', {
    hint: "Give the cache a directory of its own, e.g. '.image-cache': what is in it is kept out of version control, and from Vite.",
  });
}
