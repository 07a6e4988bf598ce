import { ensureSafeDirectory } from './safeDirectory.ts';
import { ensureWritable } from './ensureWritable.ts';

/**
 * Looks whether images could be kept in the directory, as the first request would find out. Makes and changes nothing; of what is not
 * there yet it says nothing.
 * @throws ImageCacheError CACHE_DIR_UNSAFE, CACHE_UNWRITABLE
 */
export async function ensureUsable(dir: string): Promise<void> {
  await ensureSafeDirectory(dir);
  await ensureWritable(dir);
}
