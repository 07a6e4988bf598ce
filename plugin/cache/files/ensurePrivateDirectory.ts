import { fstatSync } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ImageCacheError } from '../../errors.ts';
import { errnoOf } from './fileError.ts';
import { removeFile } from './ownFolders.ts';
import { temporaryName } from './temporary.ts';

/** The owner and the permissions of a directory. */
export interface Ownership {
  uid: number;
  gid: number;
  mode: number;
}

const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const OTHERS = 0o077;

/**
 * Says why a directory cannot be trusted with files that we serve and remove; `undefined` if it can. Its owner must be this user
 * or root. If we run as root, any owner is accepted, e.g. the host's user of a directory that is mounted into a container. A
 * writable group is accepted if its id equals the owner's: on most Linux systems each user has such a private group, and creates
 * directories that it may write to.
 * Limit: it is not noticed if that group has other members, or if an access list names more users.
 * @param us the effective user id of this process
 */
export function distrust({ uid, gid, mode }: Ownership, us: number): 'another user' | 'others write' | undefined {
  if (us !== 0 && uid !== us && uid !== 0) return 'another user';
  const isShared = (mode & OTHERS_WRITE) !== 0 || ((mode & GROUP_WRITES) !== 0 && gid !== uid);
  return isShared ? 'others write' : undefined;
}

/** What a directory is called, and the option that names it. */
interface DirectoryNames {
  what: string;
  option: string;
}

/**
 * Refuses a cache directory that other users may write to, because they could decide which pictures are shown. A directory that
 * does not exist yet is created for its owner only.
 * @throws ImageCacheError CACHE_DIR_UNSAFE
 */
export async function ensurePrivateDirectory(
  dir: string,
  { what, option }: DirectoryNames = { what: 'cache directory', option: 'cacheDir' },
): Promise<void> {
  const us = process.geteuid?.();
  const stats = us === undefined ? undefined : await lstat(dir).catch(() => undefined); // Windows has no user ids
  if (us === undefined || stats === undefined) return;
  const reason = distrust(stats, us);
  if (reason === undefined || !(await tellsOwners(dir, us))) return;
  if (reason === 'another user') {
    throw new ImageCacheError('CACHE_DIR_UNSAFE', `The ${what} \`${dir}\` belongs to another user (${stats.uid}).`, {
      hint: `Set \`${option}\` to a directory of your own, or make this one yours: chown -R ${us} ${JSON.stringify(dir)}`,
    });
  }
  throw new ImageCacheError('CACHE_DIR_UNSAFE', `Other users may write to the ${what} \`${dir}\`.`, {
    hint: `Remove that permission (chmod go-w ${JSON.stringify(dir)}), or set \`${option}\` to a new directory inside of it, which is then created for its own user only.`,
  });
}

/**
 * True if the file system stores owners and modes. On FAT, on a network drive, or on a Windows drive under WSL all files look
 * alike, even one that we create for ourselves only. The check uses the open file, because its name could be given to another
 * file.
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
