import { join } from 'node:path';
import { errnoOf } from './fileError.ts';
import { QUARANTINED_NAME, QUARANTINE_DIR, isOwnFile } from './layout.ts';
import { listFolder, makeFolder, moveFile, pathInside, removeFile } from './ownFolders.ts';

/** Maximum number of files that are kept for inspection; the oldest are removed first. */
const MAX_FILES = 50;

/**
 * Moves a bad file of ours out of the way, where it can be inspected and does no harm.
 * @param keepsAll true if the oldest files stay, however many there are
 */
export async function quarantine(dir: string, path: string, now: number, keepsAll: boolean): Promise<void> {
  const own = pathInside(dir, path);
  if (!isOwnFile(own)) throw new Error(`${JSON.stringify(own)} is not a file name of the cache`);
  await makeFolder(dir, QUARANTINE_DIR);
  const name = `${String(Math.floor(now)).padStart(14, '0')}-${own.replaceAll('/', '-')}`;
  await moveFile(dir, path, join(dir, QUARANTINE_DIR, name)).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error; // another process has moved it already
  });

  if (keepsAll) return;
  const names = (await listFolder(dir, QUARANTINE_DIR)).filter((each) => QUARANTINED_NAME.test(each)).toSorted();
  const surplus = names.slice(0, Math.max(0, names.length - MAX_FILES));
  for (const old of surplus) await removeFile(dir, `${QUARANTINE_DIR}/${old}`);
}
