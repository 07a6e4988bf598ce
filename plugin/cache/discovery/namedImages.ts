import { lstat, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Stats } from 'node:fs';
import pLimit from 'p-limit';
import { type FileIdentity, identityOf, isSameFile } from '../files/fileIdentity.ts';
import { parseImagePath, sha256 } from '../files/layout.ts';
import { READ } from '../files/cautiousOpen.ts';
import { createRecentMap } from '../../recentMap.ts';

/** Adopting a restored folder must leave open files and time for serving. */
const MAX_OPEN_FILES = 8;
/** Maximum number of files that are remembered as not matching their names. A forgotten one is hashed again. */
const MAX_PARTIAL = 10_000;

/** A file without an entry, whose bytes match its name. */
export interface NamedImage {
  body: Buffer;
  sha256: string;
  stats: Stats;
}

/** Reads image files without an entry, and accepts those whose bytes match the digest in their names. */
export class NamedImages {
  readonly #maxBytes: number;
  readonly #limit = pLimit(MAX_OPEN_FILES);
  readonly #partial = createRecentMap<FileIdentity>(MAX_PARTIAL);

  /** @param maxBytes larger files are not read */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Reads the file at this path inside a cache directory; `undefined` if it is gone, too large, not ours to read, or incomplete.
   * An incomplete one, which may still be being copied, is hashed again only when it has changed.
   */
  read(dir: string, path: string): Promise<NamedImage | undefined> {
    return this.readAs(join(dir, path), path);
  }

  /** Reads a file as if it had this path: a copy that still has a temporary name. */
  readAs(file: string, path: string): Promise<NamedImage | undefined> {
    return this.#limit(() => this.#read(file, path).catch(() => undefined));
  }

  /** True if the name is not one of ours, or the bytes did not match the name and the file has not changed since. */
  async isWorthless(dir: string, path: string): Promise<boolean> {
    if (parseImagePath(path) === undefined) return true;
    const file = join(dir, path);
    const stats = await lstat(file).catch(() => undefined);
    return stats !== undefined && isSameFile(this.#partial.get(file), stats);
  }

  async #read(file: string, path: string): Promise<NamedImage | undefined> {
    const name = parseImagePath(path);
    if (name === undefined || !(await lstat(dirname(file))).isDirectory()) return undefined; // a link does not count as a folder (T15)
    const handle = await open(file, READ);
    try {
      const stats = await handle.stat();
      const skipped = !stats.isFile() || stats.size > this.#maxBytes || isSameFile(this.#partial.get(file), stats);
      if (skipped) return undefined;
      const body = await handle.readFile();
      const digest = sha256(body);
      if (digest.startsWith(name.contentDigest)) return { body, sha256: digest, stats };
      this.#partial.set(file, identityOf(stats));
      return undefined;
    } finally {
      await handle.close();
    }
  }
}
