import { type FileHandle, lstat, open, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { BlobWriter } from '../files/blobWriter.ts';
import { TEMPORARY_NAME, VARIANTS_DIR, VARIANTS_FOLDER, VARIANT_NAME, sha256 } from '../files/layout.ts';
import { READ } from '../files/cautiousOpen.ts';
import { type FileIdentity, identityOf, isUnchanged } from '../files/fileIdentity.ts';
import { createRecentMap } from '../../recentMap.ts';
import { listFolder, lookAt, makeFolder, moveFile, removeFile, removeFolder } from '../files/ownFolders.ts';
import { sweepUnfinished } from '../files/sweepTemporary.ts';
import type { MadeVariant } from './variantMaker.ts';
import { VARIANT_TYPES, type VariantExtension } from './variantSpec.ts';

/** A file `variants/<source>/<spec>_<digest>.<extension>`. */
export interface VariantFile {
  /** SHA-256 of the original, hex. Images with the same bytes share their variants. */
  source: string;
  spec: string;
  /** The first half of the SHA-256 of the file's bytes, hex. */
  digest: string;
  /** `original`: an empty file, which says that the original is the better answer. */
  extension: VariantExtension | 'original';
  size: number;
  usedAt: number;
  /** The last use, according to the file system. */
  touchedAt: number;
}

const NOTHING = Buffer.alloc(0);
/** Maximum number of files that are remembered as checked. A forgotten file is read again before it may be sent as it is. */
const MAX_CHECKED = 100_000;

/** The files of variants. Each file name contains the digest of its bytes. Nothing is synced, because a lost variant is made again. */
export class VariantFiles {
  readonly #dir: string;
  readonly #checked = createRecentMap<FileIdentity>(MAX_CHECKED);

  /** @param dir the cache directory */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The path of the file inside the cache directory, if this process has checked its bytes and it has not changed since. Links are not followed. */
  async checkedPath(file: VariantFile): Promise<string | undefined> {
    const path = pathOf(file);
    const checked = this.#checked.get(path);
    return checked !== undefined && (await isUnchanged(join(this.#dir, path), checked)) ? path : undefined;
  }

  /** Reads the bytes; `undefined` when the file is gone or damaged. A damaged file is removed. */
  async read(file: VariantFile): Promise<Buffer | undefined> {
    const path = join(this.#dir, pathOf(file));
    if (!(await isFolder(join(this.#dir, folderOf(file.source))))) return undefined;
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, READ);
      const stats = await handle.stat();
      const bytes = stats.isFile() && stats.size === file.size ? await handle.readFile() : NOTHING;
      if (digestOf(bytes) === file.digest) {
        this.#checked.set(pathOf(file), identityOf(stats));
        return bytes;
      }
    } catch {
      return undefined; // gone, or a planted link (T15)
    } finally {
      await handle?.close();
    }
    await this.remove(file);
    return undefined;
  }

  /** Stores a variant; without one, stores that the original is the better answer. */
  async write(source: string, spec: string, made: MadeVariant | undefined, now: number): Promise<VariantFile> {
    const bytes = made?.bytes ?? NOTHING;
    const file: VariantFile = {
      source,
      spec,
      digest: digestOf(bytes),
      extension: made?.extension ?? 'original',
      size: bytes.length,
      usedAt: now,
      touchedAt: now,
    };
    await makeFolder(this.#dir, folderOf(source));
    const writer = await BlobWriter.create(this.#dir);
    try {
      await writer.write([bytes]);
      const blob = await writer.finish(false);
      await moveFile(this.#dir, blob.path, join(this.#dir, pathOf(file)));
      this.#checked.set(pathOf(file), blob.identity);
    } finally {
      await writer.discard();
    }
    return file;
  }

  /** Notes the use as the time of last access, where every process and the next start find it. Nothing else needs that time. */
  async touch(file: VariantFile, now: number): Promise<void> {
    file.touchedAt = now;
    const path = join(this.#dir, pathOf(file));
    const folder = await lookAt(this.#dir, folderOf(file.source)).catch(() => undefined);
    const stats = folder === undefined ? undefined : await lstat(path).catch(() => undefined);
    if (stats?.isFile() === true) await utimes(path, now / 1000, stats.mtime).catch(() => undefined);
  }

  /** Never rejects: a file that remains is found by the next scan. */
  async remove(file: VariantFile): Promise<void> {
    await removeFile(this.#dir, pathOf(file)).catch(() => undefined);
    await removeFolder(this.#dir, folderOf(file.source)).catch(() => undefined); // it stays if there are other variants
  }

  /** Removes the variants of an original. Files with other names stay, and then the folder stays, too. */
  async removeAllOf(source: string): Promise<void> {
    const folder = folderOf(source);
    const names = await listFolder(this.#dir, folder).catch(() => []);
    const own = names.filter((name) => VARIANT_NAME.test(name));
    for (const name of own) await removeFile(this.#dir, `${folder}/${name}`).catch(() => undefined);
    await removeFolder(this.#dir, folder).catch(() => undefined);
  }

  /** Originals that have a folder. @throws ImageCacheError CACHE_DIR_UNSAFE */
  async sources(): Promise<string[]> {
    return (await listFolder(this.#dir, VARIANTS_DIR)).filter((name) => VARIANTS_FOLDER.test(name));
  }

  /** Removes half-written files. Returns the number of removed files. */
  sweep(paths: readonly string[], now: number): Promise<number> {
    return sweepUnfinished(this.#dir, paths, now);
  }

  /** Lists the variants of one original, and the paths of its temporary files. @throws ImageCacheError CACHE_DIR_UNSAFE */
  async list(source: string): Promise<{ files: VariantFile[]; unfinished: string[] }> {
    const names = await listFolder(this.#dir, folderOf(source));
    const files = await Promise.all(names.map((name) => this.#measure(source, name)));
    const unfinished = names.filter((name) => TEMPORARY_NAME.test(name)).map((name) => `${folderOf(source)}/${name}`);
    return { files: files.filter((file) => file !== undefined), unfinished };
  }

  async #measure(source: string, name: string): Promise<VariantFile | undefined> {
    const [, spec, digest, extension] = VARIANT_NAME.exec(name) ?? [];
    if (spec === undefined || digest === undefined || !isExtension(extension)) return undefined;
    const stats = await lstat(join(this.#dir, VARIANTS_DIR, source, name)).catch(() => undefined);
    if (stats?.isFile() !== true) return undefined;
    return { source, spec, digest, extension, size: stats.size, usedAt: stats.atimeMs, touchedAt: stats.atimeMs };
  }
}

/** Path inside the cache directory. */
function folderOf(source: string): string {
  return `${VARIANTS_DIR}/${source}`;
}

function pathOf({ source, spec, digest, extension }: VariantFile): string {
  return `${folderOf(source)}/${spec}_${digest}.${extension}`;
}

/** The part of the file name, and of the ETag, that stands for the bytes. */
export function digestOf(bytes: Uint8Array): string {
  return sha256(bytes).slice(0, 32);
}

function isExtension(text: string | undefined): text is VariantFile['extension'] {
  return text !== undefined && (text === 'original' || Object.hasOwn(VARIANT_TYPES, text));
}

async function isFolder(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  return stats?.isDirectory() === true;
}
