import { type FileHandle, link, lstat, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pLimit from 'p-limit';
import type { ManifestEntry } from '../../protocol.ts';
import { BlobWriter, type WrittenBlob } from './blobWriter.ts';
import { errnoOf } from './fileError.ts';
import { type FileIdentity, identityOf, isSameFile, isUnchanged } from './fileIdentity.ts';
import { IMAGES_DIR, TMP_DIR, insidePath, sha256 } from './layout.ts';
import { READ } from './cautiousOpen.ts';
import { createRecentMap } from '../../recentMap.ts';
import { TimeSlice } from '../../timeSlice.ts';
import { lookAt, makeLastingFolder, pathInside, removeFile } from './ownFolders.ts';
import { digestQuietly } from './quietRead.ts';
import { quarantine } from './quarantine.ts';
import { type Listing, removeUnlessListed } from './removeUnlessListed.ts';
import { replaceFile } from './replaceFile.ts';
import { SharedSync } from './sharedSync.ts';

/** Maximum number of files open for reading: far below the 256 that some systems allow a process. */
const MAX_OPEN_FILES = 32;
/** Maximum number of files that are remembered as checked. A forgotten file is checked again. */
const MAX_VERIFIED = 100_000;
const MAX_SAFE_FOLDERS = 10_000;
const MAX_DAMAGED = 1000;

/** The image files. Their names come from `layout.ts`; nothing outside the cache directory is ever touched. */
export class BlobStore {
  readonly #dir: string;
  readonly #fsync: boolean;
  readonly #now: () => number;
  readonly #keepsPutAside: boolean;
  readonly #limit = pLimit(MAX_OPEN_FILES);
  readonly #syncs = new SharedSync();
  /** Inodes of the folders whose names survive a power cut. */
  readonly #safeFolders = createRecentMap<number>(MAX_SAFE_FOLDERS);
  readonly #verified = createRecentMap<FileIdentity>(MAX_VERIFIED);
  /** Paths of the files that were put aside last. */
  readonly #damaged = createRecentMap<number>(MAX_DAMAGED);

  /** @param options.keepsPutAside true if the oldest files in quarantine stay, however many there are */
  constructor(options: { dir: string; fsync: boolean; now: () => number; keepsPutAside?: boolean }) {
    this.#keepsPutAside = options.keepsPutAside ?? false;
    this.#dir = options.dir;
    this.#fsync = options.fsync;
    this.#now = options.now;
  }

  createWriter(): Promise<BlobWriter> {
    return BlobWriter.create(this.#dir);
  }

  /**
   * Gives a written file its final name. If an image with the same bytes exists (`twin`), the new name becomes a hard link to
   * that file.
   */
  async store(blob: WrittenBlob, path: string, twin: string | undefined): Promise<void> {
    const target = join(this.#dir, path);
    const [folder] = await Promise.all([makeLastingFolder(this.#dir, dirname(path)), lookAt(this.#dir, TMP_DIR)]);
    const linked = twin === undefined || twin === path ? undefined : await this.#linkTwin(blob, twin, target);
    if (linked === undefined) await replaceFile(blob.path, target);
    blob.release?.();
    if (this.#fsync) await this.#syncFolder(dirname(target), folder.ino);
    this.#damaged.delete(path);
    this.#verified.set(path, linked ?? blob.identity);
  }

  /** Reads the bytes of an entry; `undefined` when they are gone, or do not match the entry. */
  read(entry: ManifestEntry): Promise<Buffer | undefined> {
    return this.#limit(async () => {
      const path = insidePath(entry.local_path);
      if (path === undefined || !(await this.#isInside(path))) return undefined;
      let file: FileHandle;
      try {
        file = await open(join(this.#dir, path), READ);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
      try {
        return await this.#readVerified(file, path, entry);
      } finally {
        await file.close();
      }
    });
  }

  /**
   * The path of the file inside the cache directory, if this process has checked its bytes and the file has not changed since. `undefined` if it
   * has to be read, which checks it. Links are not followed.
   */
  async checkedPath({ local_path }: ManifestEntry): Promise<string | undefined> {
    const path = insidePath(local_path) ?? '';
    const checked = this.#verified.get(path);
    return checked !== undefined && (await isUnchanged(join(this.#dir, path), checked)) ? path : undefined;
  }

  /** True if the file exists in its full length. Its bytes are not checked. */
  async has(entry: ManifestEntry): Promise<boolean> {
    const path = insidePath(entry.local_path) ?? '';
    const file = await lstat(join(this.#dir, path)).catch(() => undefined);
    return file?.isFile() === true && file.size === entry.size_bytes;
  }

  /** True if the file of this entry is missing because its bytes were wrong. */
  wasDamaged({ local_path }: ManifestEntry): boolean {
    return this.#damaged.has(insidePath(local_path) ?? '');
  }

  /** Remembers a file as checked that {@link NamedImages} has read. */
  trust(path: string, file: FileIdentity): void {
    this.#verified.set(path, identityOf(file));
  }

  /** Hashes the file, and changes nothing whatever comes out. */
  async isWhole({ local_path, sha256: digest }: ManifestEntry): Promise<boolean> {
    return (await digestQuietly(this.#dir, insidePath(local_path) ?? '')) === digest;
  }

  /** Hashes the file again, even if this process has checked it before. Like {@link BlobStore.read}, it puts a damaged one aside. */
  async recheck(entry: ManifestEntry): Promise<'whole' | 'damaged' | 'missing'> {
    const path = insidePath(entry.local_path) ?? '';
    const isThere = (await lstat(join(this.#dir, path)).catch(() => undefined)) !== undefined;
    this.#verified.delete(path);
    if ((await this.read(entry)) !== undefined) return 'whole';
    return isThere ? 'damaged' : 'missing';
  }

  async remove(entry: ManifestEntry): Promise<void> {
    const path = insidePath(entry.local_path);
    if (path === undefined) return;
    this.#verified.delete(path);
    await removeFile(this.#dir, path);
  }

  /** Removes the files of those entries that are no longer in the manifest. */
  async removeUnlessListed(entries: readonly ManifestEntry[], listing: Listing): Promise<void> {
    const paths = entries.map(({ local_path }) => insidePath(local_path)).filter((path) => path !== undefined);
    for (const path of await removeUnlessListed(this.#dir, paths, listing)) this.#verified.delete(path);
  }

  /** Syncs the removal. After a power cut the file would otherwise be back without an entry, and be adopted (T68). */
  async syncRemoval(entries: Iterable<ManifestEntry>, paths: Iterable<string> = []): Promise<void> {
    if (!this.#fsync) return;
    const folders = new Set<string>();
    const timeSlice = new TimeSlice();
    for (const { local_path } of entries) {
      if (timeSlice.isOver) await timeSlice.yield();
      folders.add(dirname(insidePath(local_path) ?? IMAGES_DIR));
    }
    for (const path of paths) folders.add(dirname(path));
    for (const folder of folders) {
      if ((await lookAt(this.#dir, folder)) !== undefined)
        await this.#syncs.sync(join(this.#dir, folder)).catch(ifGone);
    }
  }

  /**
   * False if the folder of the file is a link to somewhere else, or gone (T15). Limit: the file system cannot check and act in
   * one step. So this catches planted links, but not an attacker who swaps folders at the right moment.
   */
  async #isInside(path: string): Promise<boolean> {
    try {
      return (await lstat(dirname(join(this.#dir, path)))).isDirectory();
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  /** Checks the bytes when this process reads the file for the first time, and again when the file has changed. */
  async #readVerified(file: FileHandle, path: string, entry: ManifestEntry): Promise<Buffer | undefined> {
    const stats = await file.stat();
    const whole = stats.isFile() && stats.size === entry.size_bytes;
    const bytes = whole ? await file.readFile() : undefined;
    if (bytes === undefined) {
      await this.#putAside(path);
      return undefined;
    }
    const identity = identityOf(stats);
    if (isSameFile(this.#verified.get(path), identity)) return bytes;
    if (sha256(bytes) !== entry.sha256) {
      await this.#putAside(path);
      return undefined;
    }
    this.#verified.set(path, identity);
    return bytes;
  }

  /** Syncs the names in a folder, and once the folder's own name: the process that created it may not have synced it yet (T68). */
  async #syncFolder(folder: string, inode: number): Promise<void> {
    await this.#syncs.sync(folder);
    if (this.#safeFolders.get(folder) === inode) return;
    await this.#syncs.sync(dirname(folder));
    this.#safeFolders.set(folder, inode);
  }

  async #putAside(path: string): Promise<void> {
    this.#verified.delete(path);
    this.#damaged.set(path, this.#now());
    await quarantine(this.#dir, join(this.#dir, path), this.#now(), this.#keepsPutAside).catch(() => undefined); // another process has moved it already
  }

  /** Links to a twin only if it has not changed since it was checked. Returns the identity of the link. */
  async #linkTwin(blob: WrittenBlob, twin: string, target: string): Promise<FileIdentity | undefined> {
    const known = this.#verified.get(twin);
    const stats = await stat(join(this.#dir, twin)).catch(() => undefined);
    if (known === undefined || stats === undefined || !isSameFile(known, stats)) return undefined;
    try {
      await link(join(this.#dir, twin), target);
    } catch {
      return undefined; // The name exists, or there are no hard links: the written file takes the name instead.
    }
    await removeFile(this.#dir, pathInside(this.#dir, blob.path));
    return known;
  }
}

function ifGone(error: unknown): void {
  if (!isMissing(error)) throw error;
}

/** True if the file is gone, is a directory, or is a planted link. */
function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'EISDIR', 'ENXIO'].includes(errnoOf(error) ?? '');
}
