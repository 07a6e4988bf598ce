import { lstat, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Stats } from 'node:fs';
import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import { type FileIdentity, identityOf, isSameFile } from '../files/fileIdentity.ts';
import { parseImagePath, sha256 } from '../files/layout.ts';
import { READ } from '../files/cautiousOpen.ts';

/** Adopting a restored folder must leave files and time for serving. */
const MAX_OPEN_FILES = 8;
/** Files whose bytes were not what their name says; a forgotten one is hashed again. */
const MAX_PARTIAL = 10_000;

/** A file that no manifest vouches for, but its own name does. */
export interface NamedImage {
  body: Buffer;
  sha256: string;
  stats: Stats;
}

/** Reads image files that are only known by their names, and believes those whose bytes are what the name says. */
export class NamedImages {
  readonly #maxBytes: number;
  readonly #limit = pLimit(MAX_OPEN_FILES);
  readonly #partial = new LRUCache<string, FileIdentity>({ max: MAX_PARTIAL });

  /** @param maxBytes larger files are not read */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /**
   * The file at this path inside a cache directory; `undefined` if it is gone, too large, not ours to read, or not whole.
   * One that is not whole, for it is still being copied, say, is hashed again only when it has changed.
   */
  read(dir: string, path: string): Promise<NamedImage | undefined> {
    return this.readAs(join(dir, path), path);
  }

  /** The file as if it had this path: a copy of it that has no name of its own yet. */
  readAs(file: string, path: string): Promise<NamedImage | undefined> {
    return this.#limit(() => this.#read(file, path).catch(() => undefined));
  }

  /** True if no image of ours has the name, or the file was read, is not what its name says, and has not changed since. */
  async isWorthless(dir: string, path: string): Promise<boolean> {
    if (parseImagePath(path) === undefined) return true;
    const file = join(dir, path);
    const stats = await lstat(file).catch(() => undefined);
    return stats !== undefined && isSameFile(this.#partial.get(file), stats);
  }

  async #read(file: string, path: string): Promise<NamedImage | undefined> {
    const name = parseImagePath(path);
    if (name === undefined || !(await lstat(dirname(file))).isDirectory()) return undefined; // a link is none (T15)
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
