import type { CachePart } from '../manifest/cachePart.ts';
import { type Stats, constants } from 'node:fs';
import { copyFile, lstat, open, opendir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type FolderReader, ImageFolders } from './imageFolders.ts';
import { within } from './within.ts';
import { syncHandle } from '../files/syncHandle.ts';

/** They may be on a network; S3 is at hand. */
const MAX_WAIT_MS = 500;

interface FallbackDir {
  dir: string;
  folders: ImageFolders;
}

/** An image in another cache directory. */
export interface FallbackImage {
  dir: string;
  /** Inside that directory. */
  path: string;
  stats: Stats;
}

/**
 * Other cache directories, a team's or another app's, to copy from what is not in ours. They are only read: nothing is
 * written, locked or removed there, and their manifests are not believed.
 */
export class FallbackDirs implements CachePart {
  readonly #dirs: readonly FallbackDir[];

  /** @param dirs absolute, in the order in which they are asked */
  constructor(dirs: readonly string[]) {
    this.#dirs = dirs.map((dir) => ({
      dir,
      folders: new ImageFolders({ reader: readerOf(dir), isWanted: () => true }),
    }));
  }

  /** Files that may be the object. */
  async candidates(keyDigest: string): Promise<FallbackImage[]> {
    if (this.#dirs.length === 0) return [];
    await within(MAX_WAIT_MS, Promise.all(this.#dirs.map(({ folders }) => folders.lookAgain())));
    const found = this.#dirs.flatMap(({ dir, folders }) =>
      Array.from(folders.pathsOf(keyDigest), async (path) => {
        const stats = await lstat(join(dir, path)).catch(() => undefined);
        return stats?.isFile() === true ? { dir, path, stats } : undefined; // a FIFO would block, a link leads elsewhere
      }),
    );
    return (await Promise.all(found)).filter((image) => image !== undefined);
  }

  /**
   * Copies the file to a new one of ours. Where the file system can, the copy shares the blocks until one of the two
   * changes (reflink); a hard link would let whoever edits the other edit ours.
   */
  async copy({ dir, path }: FallbackImage, target: string, fsync: boolean): Promise<void> {
    const source = join(dir, path);
    await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const file = await open(target, 'r+');
    try {
      await file.chmod(0o600);
      if (fsync) await syncHandle(file);
    } finally {
      await file.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#dirs.map(({ folders }) => folders.close()));
  }
}

/** Links are not followed inside of it (T15); where it is, and whose, is up to the developer. */
function readerOf(dir: string): FolderReader {
  const statsOf = async (folder: string) => {
    const stats = await lstat(join(dir, folder)).catch(() => undefined);
    return stats?.isDirectory() === true ? stats : undefined;
  };
  return {
    statsOf,
    list: async (folder) => ((await statsOf(folder)) === undefined ? [] : readdir(join(dir, folder)).catch(() => [])),
    open: (folder, bufferSize) => opendir(join(dir, folder), { bufferSize }),
  };
}
