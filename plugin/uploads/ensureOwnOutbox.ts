import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isStray, readStart } from '../cache/atStart.ts';
import { ImageCacheError } from '../errors.ts';
import { FOLDERS, HOLDER, LOCK, QUARANTINE, README_FILE, README_TITLE } from './outboxLayout.ts';

const OWN_NAMES = new Set<string>([...FOLDERS, QUARANTINE, LOCK, HOLDER, README_FILE]);
const MAX_SHOWN = 80;

/**
 * Refuses a directory that is used for something else: the outbox keeps its directory out of version control and of Vite's reach. It is
 * ours by the first line of its README, or because it holds nothing but names that we use.
 * @throws ImageCacheError CACHE_DIR_UNSAFE
 */
export async function ensureOwnOutbox(dir: string): Promise<void> {
  const names: string[] = await readdir(dir).catch(() => []); // any other problem is found when it is used
  const foreign = names.find((name) => !OWN_NAMES.has(name) && !isStray(name));
  if (foreign === undefined || (await readStart(join(dir, README_FILE))).startsWith(README_TITLE)) return;
  throw new ImageCacheError(
    'CACHE_DIR_UNSAFE',
    `The directory of \`uploads.outboxDir\` is used for something else: it holds ${JSON.stringify(foreign.slice(0, MAX_SHOWN))}.`,
    { hint: "Give the uploads a directory of their own, e.g. '.image-outbox'." },
  );
}
