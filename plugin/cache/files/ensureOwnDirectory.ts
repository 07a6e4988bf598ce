import type { Dirent } from 'node:fs';
import { opendir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageCacheError } from '../../errors.ts';
import { errnoOf } from './fileError.ts';
import { CACHE_ID_FILE, CACHE_ID_FORM, MANIFEST_FILE, TAG_FILE, isOwnFile, isOwnFolder } from './layout.ts';
import { readStart } from './cautiousOpen.ts';

/** Our line in CACHEDIR.TAG. The signature above it is a standard that caches of other programs have as well. */
const OWN_TAG_LINE = '# This directory is a cache of vite-plugin-image-cache.';
export const OWN_TAG = `Signature: 8a477f597d28d172789f06886806bc55\n${OWN_TAG_LINE}\n`;

/** What a power cut may leave of CACHE_ID. */
const TORN_ID = /^[0-9a-f\n\0-]*$/;

/** The beginning of `manifest.json`, also if another tool has formatted it. Other programs have files of that name. */
const OWN_MANIFEST = /^\s*\{\s*"version"\s*:\s*"\d+\.\d+"\s*,\s*"last_updated"\s*:/;

/** Files that file systems, desktops and version control put into any directory. */
const STRAY =
  /^(?:\.DS_Store|\._.*|\.localized|\.directory|\.Trash(?:es|-\d+)?|\.fseventsd|\.Spotlight-V100|\.TemporaryItems|\.git(?:keep|ignore|attributes)|\.keep|\.nfs.*|\.fuse_hidden.*|\.snapshots?|\.zfs|lost\+found|Thumbs\.db|desktop\.ini|\$RECYCLE\.BIN|System Volume Information|@eaDir)$/i;

/** Whether a name says nothing of what the directory is used for. */
export const isStray = (name: string): boolean => STRAY.test(name);

const MAX_SHOWN = 80;

/**
 * Refuses a directory that is used for something else. A cache keeps its directory out of version control, backups and Vite's
 * reach, which would be fatal to a `src` or `public`, and it removes the files that it takes for its own. A directory that is not
 * empty is ours if it has a CACHE_ID, or our line in its CACHEDIR.TAG, or nothing but names that we use, e.g. images that were
 * restored without the other files.
 * @throws ImageCacheError CACHE_DIR_UNSAFE
 */
export async function ensureOwnDirectory(dir: string): Promise<void> {
  const names: string[] = await readdir(dir).catch(() => []); // any other problem with the directory is found when it is used
  if (names.length === 0 || (await isMarked(dir, names))) return;
  const foreign = await firstForeign(dir, '');
  if (foreign === undefined) return;
  const shown = JSON.stringify(foreign.slice(0, MAX_SHOWN));
  throw new ImageCacheError(
    'CACHE_DIR_UNSAFE',
    `The directory of \`cacheDir\` is used for something else: it holds ${shown}.`,
    {
      hint: "Give the cache a directory of its own, e.g. '.image-cache': its content is kept out of version control, and Vite does not serve it.",
    },
  );
}

async function isMarked(dir: string, names: readonly string[]): Promise<boolean> {
  if (names.includes(CACHE_ID_FILE) && CACHE_ID_FORM.test(await readStart(join(dir, CACHE_ID_FILE)))) return true;
  return names.includes(TAG_FILE) && (await readStart(join(dir, TAG_FILE))).includes(OWN_TAG_LINE);
}

/**
 * Returns the path of something that we never create; `undefined` if there is none. Hidden files below the top level are ignored.
 * A link is not followed: only its name counts.
 */
async function firstForeign(dir: string, folder: string): Promise<string | undefined> {
  const entries = await opendir(join(dir, folder)).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error; // removed meanwhile
  });
  for await (const entry of entries ?? []) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (isStray(entry.name) || (folder !== '' && entry.name.startsWith('.'))) continue;
    if (!(await isOwn(dir, path, entry))) return path;
    const foreign = entry.isDirectory() ? await firstForeign(dir, path) : undefined;
    if (foreign !== undefined) return foreign;
  }
  return undefined;
}

async function isOwn(dir: string, path: string, entry: Dirent): Promise<boolean> {
  if (entry.isDirectory() || (entry.isSymbolicLink() && isOwnFolder(path))) return isOwnFolder(path);
  switch (path) {
    case MANIFEST_FILE:
      return OWN_MANIFEST.test(await readStart(join(dir, path)));
    case TAG_FILE: // is being created, or was torn by a power cut
      return OWN_TAG.startsWith((await readStart(join(dir, path))).replace(/\0+$/, ''));
    case CACHE_ID_FILE:
      return TORN_ID.test(await readStart(join(dir, path)));
    default:
      return isOwnFile(path);
  }
}
