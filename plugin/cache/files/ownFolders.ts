import type { Dir, Stats } from 'node:fs';
import { lstat, mkdir, opendir, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { ImageCacheError } from '../../errors.ts';
import { errnoOf } from './fileError.ts';
import { makeDirectory } from './makeDirectory.ts';
import { ensureOwnDirectory } from './ensureOwnDirectory.ts';
import { isOwnFile } from './layout.ts';
import { replaceFile } from './replaceFile.ts';
import { retryWhenRemoved } from './retryWhenRemoved.ts';

/*
 * All listing, writing, renaming and removing inside the cache directory goes through this file. Right before each operation it
 * checks every folder on the way, because a folder that was replaced by a link, even while we run, would lead us to files that
 * are not ours. A volume that is mounted there counts as a directory like any other.
 *
 * Limit: no file system call of Node checks and acts in one step, so a process that replaces a folder by a link in the
 * microseconds in between is not noticed. It would gain little: files are created under new names (`wx`), opened without
 * following a link (`O_NOFOLLOW`), and removed one by one, under names that only we use.
 */

/**
 * Checks a folder inside the cache directory, and all folders above it up to the cache directory itself. Returns `undefined` if
 * it does not exist.
 * @param folder e.g. `images/0001`; `''` is the cache directory
 * @throws ImageCacheError CACHE_DIR_UNSAFE when one of them is a link, a file, or belongs to another user
 */
export async function lookAt(dir: string, folder: string): Promise<Stats | undefined> {
  const looks = await lookAtEach(dir, folder);
  return looks.at(-1);
}

/** Creates the folder for its owner only, unless it exists. @throws as {@link lookAt} */
export function makeFolder(dir: string, folder: string): Promise<Stats> {
  return make(dir, folder, (path) => mkdir(path, { recursive: true, mode: 0o700 }));
}

/** Like {@link makeFolder}; the name of the folder also survives a power cut. */
export function makeLastingFolder(dir: string, folder: string): Promise<Stats> {
  return make(dir, folder, makeDirectory);
}

/** Lists the names in a folder; returns none if it does not exist. @throws as {@link lookAt} */
export async function listFolder(dir: string, folder: string): Promise<string[]> {
  if ((await lookAt(dir, folder)) === undefined) return [];
  return readdir(join(dir, folder)).catch(noneIfGone);
}

/** Opens a folder to read its names one after the other; `undefined` if it does not exist. @throws as {@link lookAt} */
export async function openFolder(dir: string, folder: string, bufferSize: number): Promise<Dir | undefined> {
  if ((await lookAt(dir, folder)) === undefined) return undefined;
  return opendir(join(dir, folder), { bufferSize });
}

/**
 * Removes one file, whose name must have our form. Returns whether it is gone. A directory with such a name was not created by
 * us, and stays.
 * @throws as {@link lookAt}
 */
export async function removeFile(dir: string, path: string): Promise<boolean> {
  if (!isOwnFile(path)) throw new Error(`${JSON.stringify(path)} is not a file name of the cache`);
  if ((await lookAt(dir, folderOf(path))) === undefined) return false;
  try {
    await rm(join(dir, path), { force: true });
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ERR_FS_EISDIR') return false;
    throw error;
  }
}

/** Removes a folder if it is empty. @throws as {@link lookAt} */
export async function removeFolder(dir: string, folder: string): Promise<void> {
  if ((await lookAt(dir, folder)) === undefined) return;
  await rmdir(join(dir, folder)).catch(() => undefined);
}

/** Renames a file, replacing the file that has the new name. Both paths are absolute. @throws as {@link lookAt} */
export async function moveFile(dir: string, from: string, to: string): Promise<void> {
  const folders = new Set([from, to].map((path) => folderOf(pathInside(dir, path))));
  await Promise.all(Array.from(folders, (folder) => lookAt(dir, folder)));
  await replaceFile(from, to);
}

/** The relative path of something inside the cache directory, with `/` on every system. */
export function pathInside(dir: string, path: string): string {
  return relative(dir, path).split(sep).join('/');
}

function folderOf(path: string): string {
  const folder = dirname(path);
  return folder === '.' ? '' : folder;
}

function make(dir: string, folder: string, makeIt: (path: string) => Promise<unknown>): Promise<Stats> {
  return retryWhenRemoved(async () => {
    const looks = await lookAtEach(dir, folder);
    const there = looks.at(-1);
    if (there !== undefined) return there;
    // Another directory may have taken the place of ours; nothing may be created in it.
    if (looks[1] === undefined) await ensureOwnDirectory(dir);
    await makeIt(join(dir, folder)).catch(ifGone);
    const made = await lookAt(dir, folder);
    if (made === undefined) throw Object.assign(new Error('removed when it was made'), { code: 'ENOENT' });
    return made;
  });
}

/** Stats of the folders from the cache directory downwards; `undefined` from the first one that does not exist. */
async function lookAtEach(dir: string, folder: string): Promise<(Stats | undefined)[]> {
  const parts = folder === '' ? [] : folder.split('/');
  const folders = ['', ...parts.map((_, n) => parts.slice(0, n + 1).join('/'))];
  const looks = await Promise.all(folders.map((name) => statsOf(join(dir, name))));
  const [own] = looks;
  const seen: (Stats | undefined)[] = [];
  for (const [n, stats] of looks.entries()) {
    if (stats !== undefined && (n === 0 || seen[n - 1] !== undefined)) ensureOurs(stats, own, folders[n] || dir);
    seen.push(n > 0 && seen[n - 1] === undefined ? undefined : stats);
  }
  return seen;
}

function ensureOurs(stats: Stats, own: Stats | undefined, name: string): void {
  if (stats.isSymbolicLink()) {
    throw unsafe(name, 'is a symbolic link', 'Remove the link, and put a real directory or a mounted volume there');
  }
  if (!stats.isDirectory()) throw unsafe(name, 'is not a directory', 'Remove the file that has its name');
  if (belongsToAnother(stats) && stats.uid !== own?.uid) {
    throw unsafe(name, 'belongs to another user', 'Make it your own with `chown`, or remove it');
  }
}

function unsafe(name: string, what: string, remedy: string): ImageCacheError {
  return new ImageCacheError('CACHE_DIR_UNSAFE', `The folder \`${name}\` of the image cache ${what}.`, {
    hint: `${remedy}: the owner of a folder, and of a link, decides where files are written and removed.`,
  });
}

/**
 * True if the folder belongs to another user who is not root. Root can change everything anyway, and if we run as root, any owner
 * is accepted.
 */
function belongsToAnother({ uid }: Stats): boolean {
  const us = process.geteuid?.(); // Windows has no user ids
  return us !== undefined && us !== 0 && uid !== us && uid !== 0;
}

async function statsOf(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** Node reports ENOTDIR if a folder was removed while it was being opened. If there really is a file, the next check notices it. */
function ifGone(error: unknown): void {
  if (!['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw error;
}

function noneIfGone(error: unknown): string[] {
  if (errnoOf(error) === 'ENOENT') return [];
  throw error;
}
