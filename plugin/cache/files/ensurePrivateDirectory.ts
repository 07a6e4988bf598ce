import { fstatSync } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageCacheError } from '../../errors.ts';
import { errnoOf } from './fileError.ts';
import { removeFile } from './ownFolders.ts';
import { temporaryName } from './temporary.ts';

/** What a directory tells of who may change it. */
export interface Ownership {
  uid: number;
  gid: number;
  mode: number;
}

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const OTHERS = 0o077;

/**
 * Why a directory cannot be trusted with files that we serve and remove; `undefined` if it can be. It may be ours, or root's; to
 * root every directory is its own, e.g. that of a host's user which is mounted into a container. A group that has the number
 * of the owner is the owner's alone, by the custom of most Linux systems, whose users make directories that it may write to.
 * Limit: that a group of that number has other members, or that an access list names more users, is not noticed.
 * @param us the effective user id of this process
 */
export function distrust({ uid, gid, mode }: Ownership, us: number): 'another user' | 'others write' | undefined {
  if (us !== 0 && uid !== us && uid !== 0) return 'another user';
  const isShared = (mode & OTHERS_WRITE) !== 0 || ((mode & GROUP_WRITES) !== 0 && gid !== uid);
  return isShared ? 'others write' : undefined;
}

/**
 * Refuses a cache directory that others may write to: whoever can, decides which pictures are shown. What is not there yet is
 * made for its owner alone.
 * @throws ImageCacheError CACHE_DIR_UNSAFE
 */
export async function ensurePrivateDirectory(dir: string): Promise<void> {
  const us = process.geteuid?.();
  const stats = us === undefined ? undefined : await lstat(dir).catch(() => undefined); // Windows has no such numbers
  if (us === undefined || stats === undefined) return;
  const reason = distrust(stats, us);
  if (reason === undefined || !(await tellsOwners(dir, us))) return;
  if (reason === 'another user') {
    throw new ImageCacheError(
      'CACHE_DIR_UNSAFE',
      `The cache directory \`${dir}\` belongs to another user (${stats.uid}).`,
      {
        hint: `Name a directory of your own in \`cacheDir\`, or make it yours: chown -R ${us} ${JSON.stringify(dir)}`,
      },
    );
  }
  throw new ImageCacheError('CACHE_DIR_UNSAFE', `Other users may write to the cache directory \`${dir}\`.`, {
    hint: `Take that away (chmod go-w ${JSON.stringify(dir)}), or name a directory inside of it in \`cacheDir\`, which the cache then makes for itself alone.`,
  });
}

/**
 * Whether the file system tells owners and modes of its own: on FAT, on a network drive, or on a Windows drive under WSL, all files
 * look alike, also one that we make for ourselves alone. The open file is asked, for its name might be given to another.
 */
async function tellsOwners(dir: string, us: number): Promise<boolean> {
  const name = temporaryName();
  const file = await open(join(dir, name), 'wx', 0o600).catch((error: unknown) => {
    if (['EACCES', 'EPERM', 'EROFS'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  });
  if (file === undefined) return true;
  try {
    const { uid, mode } = fstatSync(file.fd);
    return uid === us && (mode & OTHERS) === 0;
  } finally {
    await file.close();
    await removeFile(dir, name);
  }
}
