import type { Dirent } from 'node:fs';
import { opendir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageCacheError } from '../../errors.ts';
import { errnoOf } from './fileError.ts';
import { CACHE_ID_FILE, CACHE_ID_FORM, MANIFEST_FILE, TAG_FILE, isOwnFile, isOwnFolder } from './layout.ts';
import { readStart } from './cautiousOpen.ts';

/** The line of ours in CACHEDIR.TAG. The signature above it is a standard, and other programs' caches have it, too. */
const OWN_TAG_LINE = '# This directory is a cache of vite-plugin-image-cache.';
export const OWN_TAG = `Signature: 8a477f597d28d172789f06886806bc55\n${OWN_TAG_LINE}\n`;

/** What a power cut may leave of CACHE_ID. */
const TORN_ID = /^[0-9a-f\n\0-]*$/;

/** How `manifest.json` begins, also where another tool formatted it. Other programs have files of that name. */
const OWN_MANIFEST = /^\s*\{\s*"version"\s*:\s*"\d+\.\d+"\s*,\s*"last_updated"\s*:/;

/** What file systems, desktops and version control put into any directory. */
const STRAY =
  /^(?:\.DS_Store|\._.*|\.localized|\.directory|\.Trash(?:es|-\d+)?|\.fseventsd|\.Spotlight-V100|\.TemporaryItems|\.git(?:keep|ignore|attributes)|\.keep|\.nfs.*|\.fuse_hidden.*|\.snapshots?|\.zfs|lost\+found|Thumbs\.db|desktop\.ini|\$RECYCLE\.BIN|System Volume Information|@eaDir)$/i;

const MAX_SHOWN = 80;

/**
 * Refuses a directory of something else: a cache keeps all that is in its directory out of version control, backups and Vite's reach,
 * which would be the end of a `src` or `public`, and it removes what it takes for its own. A directory that is not empty is ours by
 * its CACHE_ID, by the line of ours in its CACHEDIR.TAG, or because nothing is in it but names that we give: images that
 * were restored without anything else, say.
 * @throws ImageCacheError CACHE_DIR_UNSAFE
 */
export async function ensureOwnDirectory(dir: string): Promise<void> {
  const names: string[] = await readdir(dir).catch(() => []); // whatever is wrong with it is found when it is used
  if (names.length === 0 || (await isMarked(dir, names))) return;
  const foreign = await firstForeign(dir, '');
  if (foreign === undefined) return;
  const shown = JSON.stringify(foreign.slice(0, MAX_SHOWN));
  throw new ImageCacheError(
    'CACHE_DIR_UNSAFE',
    `The directory of \`cacheDir\` is used for something else: it holds ${shown}.`,
    {
      hint: "Give the cache a directory of its own, e.g. '.image-cache': what is in it is kept out of version control, and from Vite.",
    },
  );
}

async function isMarked(dir: string, names: readonly string[]): Promise<boolean> {
  if (names.includes(CACHE_ID_FILE) && CACHE_ID_FORM.test(await readStart(join(dir, CACHE_ID_FILE)))) return true;
  return names.includes(TAG_FILE) && (await readStart(join(dir, TAG_FILE))).includes(OWN_TAG_LINE);
}

/**
 * The path of something that we never make; `undefined` if there is none. Below the top, hidden files are nobody's, and a link
 * is judged by its name alone: it is not followed.
 */
async function firstForeign(dir: string, folder: string): Promise<string | undefined> {
  const entries = await opendir(join(dir, folder)).catch((error: unknown) => {
    if (errnoOf(error) !== 'ENOENT') throw error; // removed meanwhile
  });
  for await (const entry of entries ?? []) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (STRAY.test(entry.name) || (folder !== '' && entry.name.startsWith('.'))) continue;
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
    case TAG_FILE: // being made, or torn by a power cut
      return OWN_TAG.startsWith((await readStart(join(dir, path))).replace(/\0+$/, ''));
    case CACHE_ID_FILE:
      return TORN_ID.test(await readStart(join(dir, path)));
    default:
      return isOwnFile(path);
  }
}
