import type { CachePart } from '../manifest/cachePart.ts';
import { type Stats, constants } from 'node:fs';
import { copyFile, lstat, open, opendir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type FolderReader, ImageFolders } from './imageFolders.ts';
import { within } from './within.ts';
import { syncHandle } from '../files/syncHandle.ts';

/** A request waits at most this long: fallback directories may be on a slow network, and the image can be downloaded instead. */
const MAX_WAIT_MS = 500;

interface FallbackDir {
  dir: string;
  folders: ImageFolders;
}

/** An image in another cache directory. */
export interface FallbackImage {
  dir: string;
  /** Path inside that directory. */
  path: string;
  stats: Stats;
}

/**
 * Other cache directories, e.g. of a team or another app. Images that are missing in ours are copied from there. They are only
 * read: nothing is written, locked or removed there, and their manifests are not trusted.
 */
export class FallbackDirs implements CachePart {
  readonly #dirs: readonly FallbackDir[];

  /** @param dirs absolute paths, in the order in which they are searched */
  constructor(dirs: readonly string[]) {
    this.#dirs = dirs.map((dir) => ({
      dir,
      folders: new ImageFolders({ reader: readerOf(dir), isWanted: () => true }),
    }));
  }

  /** Returns files that may be the image. */
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
   * Copies the file to a new one of ours. If the file system can, the copy shares the blocks until one of the two changes
   * (reflink). With a hard link, editing the other file would change ours.
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

/**
 * Links inside the directory are not followed (T15). The developer chooses the directory itself, so its place and owner are not
 * checked.
 */
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
