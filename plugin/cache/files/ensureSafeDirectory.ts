import { IMAGES_DIR, JOURNAL_DIR, QUARANTINE_DIR, TMP_DIR, VARIANTS_DIR } from './layout.ts';
import { ensureOwnDirectory } from './ensureOwnDirectory.ts';
import { lookAt } from './ownFolders.ts';

/**
 * Refuses a directory that leads elsewhere, or that is used for something else. Creates and changes nothing.
 * @throws ImageCacheError CACHE_DIR_UNSAFE
 */
export async function ensureSafeDirectory(dir: string): Promise<void> {
  for (const folder of [IMAGES_DIR, VARIANTS_DIR, JOURNAL_DIR, QUARANTINE_DIR, TMP_DIR]) await lookAt(dir, folder);
  await ensureOwnDirectory(dir);
}
