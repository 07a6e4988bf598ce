import { link, lstat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errnoOf } from './fileError.ts';
import { lookAt, moveFile, removeFile } from './ownFolders.ts';
import { temporaryName } from './temporary.ts';

/** Few enough to be removed before another process can store one of them again. */
const REMOVED_AT_ONCE = 32;

/** What the manifest says about the files. */
export interface Listing {
  /** Catches up with the changes of other processes. */
  refresh: () => Promise<void>;
  /** True if a file has an entry, as of the last refresh. @param path inside the cache directory */
  isListed: (path: string) => boolean;
}

interface Taken {
  path: string;
  /** The name that it has until it is removed, or given back. */
  aside: string;
}

/**
 * Removes image files that have no entry. The name of an image follows from its bytes. So another process that stores the
 * same image again, while this one is suspended before the removal, gives it the very name that is about to be removed. For
 * this reason a file is first renamed in its folder, then the manifest is read, and a file that was stored again meanwhile
 * gets its name back. Whoever stores an image looks afterwards whether its file was taken before its entry was written (see
 * `Committer`). So of the two, one always notices the other.
 * Limit: if this process is killed between two of these steps, such an image is downloaded again.
 * @param paths inside the cache directory
 * @returns the paths of those that are gone
 */
export async function removeUnlessListed(dir: string, paths: readonly string[], listing: Listing): Promise<string[]> {
  const gone: string[] = [];
  for (let start = 0; start < paths.length; start += REMOVED_AT_ONCE) {
    await listing.refresh();
    const unlisted = paths.slice(start, start + REMOVED_AT_ONCE).filter((path) => !listing.isListed(path));
    gone.push(...(await removeAll(dir, unlisted, listing)));
  }
  return gone;
}

async function removeAll(dir: string, paths: readonly string[], { refresh, isListed }: Listing): Promise<string[]> {
  const attempts = await Promise.allSettled(paths.map((path) => take(dir, path)));
  const taken = attempts.flatMap((attempt) => (attempt.status === 'fulfilled' ? (attempt.value ?? []) : []));
  try {
    if (taken.length > 0) await refresh();
  } catch (error) {
    await Promise.all(taken.map((file) => giveBack(dir, file)));
    throw error;
  }
  const gone = taken.filter(({ path }) => !isListed(path));
  await Promise.all(taken.filter((file) => !gone.includes(file)).map((file) => giveBack(dir, file)));
  await Promise.all(gone.map(({ aside }) => removeFile(dir, aside)));
  const failed = attempts.find((attempt) => attempt.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return gone.map(({ path }) => path);
}

/** Returns `undefined` for a file that is gone, and for a directory, which was not created by us. */
async function take(dir: string, path: string): Promise<Taken | undefined> {
  const aside = `${dirname(path)}/${temporaryName()}`;
  try {
    if ((await lstat(join(dir, path))).isDirectory()) return undefined;
    await moveFile(dir, join(dir, path), join(dir, aside));
    return { path, aside };
  } catch (error) {
    if (!['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw error;
    await lookAt(dir, dirname(path)); // it may seem to be gone because the folder is not ours
    return undefined;
  }
}

/** A file that has the name by now has the same bytes, and stays. */
async function giveBack(dir: string, { path, aside }: Taken): Promise<void> {
  try {
    await link(join(dir, aside), join(dir, path));
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') return moveFile(dir, join(dir, aside), join(dir, path)); // without hard links
  }
  await removeFile(dir, aside);
}
