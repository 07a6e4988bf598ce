import { type FileHandle, lstat, open, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { BlobWriter } from '../files/blobWriter.ts';
import { TEMPORARY_NAME, VARIANTS_DIR, VARIANTS_FOLDER, VARIANT_NAME, sha256 } from '../files/layout.ts';
import { READ } from '../files/cautiousOpen.ts';
import { listFolder, lookAt, makeFolder, moveFile, removeFile, removeFolder } from '../files/ownFolders.ts';
import { sweepUnfinished } from '../files/sweepTemporary.ts';
import type { MadeVariant } from './variantMaker.ts';
import { VARIANT_TYPES, type VariantExtension } from './variantSpec.ts';

/** A file `variants/<source>/<spec>_<digest>.<extension>`. */
export interface VariantFile {
  /** SHA-256 of the original, hex: the same bytes have the same variants, whichever object they are. */
  source: string;
  spec: string;
  /** The first half of the SHA-256 of its own bytes, hex. */
  digest: string;
  /** `original`: an empty file that says that the original serves better. */
  extension: VariantExtension | 'original';
  size: number;
  usedAt: number;
  /** The last use that the file system knows of. */
  touchedAt: number;
}

const NOTHING = Buffer.alloc(0);

/** The files of variants. Each names the digest of its bytes; nothing is synced, for what is lost is made again. */
export class VariantFiles {
  readonly #dir: string;

  /** @param dir the cache directory */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /** The bytes; `undefined` when the file is gone, or damaged, in which case it is removed. */
  async read(file: VariantFile): Promise<Buffer | undefined> {
    const path = join(this.#dir, pathOf(file));
    if (!(await isFolder(join(this.#dir, folderOf(file.source))))) return undefined;
    let handle: FileHandle | undefined;
    try {
      handle = await open(path, READ);
      const stats = await handle.stat();
      const bytes = stats.isFile() && stats.size === file.size ? await handle.readFile() : NOTHING;
      if (digestOf(bytes) === file.digest) return bytes;
    } catch {
      return undefined; // gone, or a link that was planted there (T15)
    } finally {
      await handle?.close();
    }
    await this.remove(file);
    return undefined;
  }

  /** Stores what was made; without it, that the original serves better. */
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
    } finally {
      await writer.discard();
    }
    return file;
  }

  /** Notes the use where every process and the next start find it: the time of last access, which nothing else needs. */
  async touch(file: VariantFile, now: number): Promise<void> {
    file.touchedAt = now;
    const path = join(this.#dir, pathOf(file));
    const folder = await lookAt(this.#dir, folderOf(file.source)).catch(() => undefined);
    const stats = folder === undefined ? undefined : await lstat(path).catch(() => undefined);
    if (stats?.isFile() === true) await utimes(path, now / 1000, stats.mtime).catch(() => undefined);
  }

  /** Never rejects: what stays is found by the next scan. */
  async remove(file: VariantFile): Promise<void> {
    await removeFile(this.#dir, pathOf(file)).catch(() => undefined);
    await removeFolder(this.#dir, folderOf(file.source)).catch(() => undefined); // unless there are others
  }

  /** What has another name than ours stays, and so does the folder then. */
  async removeAllOf(source: string): Promise<void> {
    const folder = folderOf(source);
    const names = await listFolder(this.#dir, folder).catch(() => []);
    const own = names.filter((name) => VARIANT_NAME.test(name));
    for (const name of own) await removeFile(this.#dir, `${folder}/${name}`).catch(() => undefined);
    await removeFolder(this.#dir, folder).catch(() => undefined);
  }

  /** Originals that something lies there of. @throws ImageCacheError CACHE_DIR_UNSAFE */
  async sources(): Promise<string[]> {
    return (await listFolder(this.#dir, VARIANTS_DIR)).filter((name) => VARIANTS_FOLDER.test(name));
  }

  /** Removes what was left half written. Returns how many files that were. */
  sweep(paths: readonly string[], now: number): Promise<number> {
    return sweepUnfinished(this.#dir, paths, now);
  }

  /** The variants of one original, and paths of files that are being written, or were. @throws ImageCacheError CACHE_DIR_UNSAFE */
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

/** Inside the cache directory. */
function folderOf(source: string): string {
  return `${VARIANTS_DIR}/${source}`;
}

function pathOf({ source, spec, digest, extension }: VariantFile): string {
  return `${folderOf(source)}/${spec}_${digest}.${extension}`;
}

/** What stands for the bytes in the name of their file, and in their ETag. */
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
