import { lstat, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { IMAGES_DIR } from './layout.ts';

/** Another process may have given a file its name and not written its entry yet. */
const SETTLED_MS = 60 * 60 * 1000;

/**
 * Removes images that no entry names, which a process left behind that was killed between the file and its entry: they
 * count for no limit and would never be evicted. Returns how many that were.
 */
export async function sweepImages(
  dir: string,
  isKnown: (path: string) => boolean,
  now: number,
  signal: AbortSignal,
): Promise<number> {
  let removed = 0;
  for (const folder of await namesIn(join(dir, IMAGES_DIR))) {
    for (const name of await namesIn(join(dir, IMAGES_DIR, folder))) {
      if (signal.aborted) return removed;
      if (isKnown(`${IMAGES_DIR}/${folder}/${name}`)) continue;
      const path = join(dir, IMAGES_DIR, folder, name);
      // The time of its last change is also that of its name: a second link to an old file is new.
      const { ctimeMs } = await lstat(path).catch(() => ({ ctimeMs: now }));
      if (now - ctimeMs < SETTLED_MS) continue;
      await rm(path, { force: true }).catch(() => undefined);
      removed += 1;
    }
  }
  return removed;
}

/** Nothing for what is no directory; a link is none (T15). */
async function namesIn(path: string): Promise<string[]> {
  const folder = await lstat(path).catch(() => undefined);
  return folder?.isDirectory() === true ? readdir(path).catch(() => []) : [];
}
