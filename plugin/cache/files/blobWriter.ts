import { type Hash, createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './fileError.ts';

/** Up to this size the bytes are also kept in memory, so that they need not be read back to be looked at. */
const KEEP_BYTES = 4 << 20;

export interface WrittenBlob {
  /** Hex. */
  sha256: string;
  size: number;
  /** The file under its temporary name. */
  path: string;
}

/** A file that is being written under a temporary name. */
export class BlobWriter {
  readonly path: string;
  readonly #file: FileHandle;
  #hash: Hash = createHash('sha256');
  #size = 0;
  #kept: Uint8Array[] | undefined = [];
  #closed = false;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** `wx`: a file that is already there, or a link planted under its name, is never written to. */
  static async create(path: string): Promise<BlobWriter> {
    try {
      return new BlobWriter(path, await open(path, 'wx+', 0o600));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
      await mkdir(dirname(path), { recursive: true, mode: 0o700 }); // the cache was removed by hand
      return new BlobWriter(path, await open(path, 'wx+', 0o600));
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      // Positions are explicit, so that `reset` needs no seek; a write may stop short of what it was given.
      const { bytesWritten } = await this.#file.write(chunk, done, chunk.length - done, this.#size + done);
      done += bytesWritten;
    }
    this.#hash.update(chunk);
    this.#size += chunk.length;
    if (this.#size > KEEP_BYTES) this.#kept = undefined;
    else this.#kept?.push(chunk);
  }

  /** Begins again from the first byte. */
  async reset(): Promise<void> {
    await this.#file.truncate(0);
    this.#hash = createHash('sha256');
    this.#size = 0;
    this.#kept = [];
  }

  /** What was written so far. */
  async bytes(): Promise<Buffer> {
    if (this.#kept !== undefined) return Buffer.concat(this.#kept);
    const bytes = Buffer.allocUnsafe(this.#size);
    for (let done = 0; done < bytes.length;) {
      const { bytesRead } = await this.#file.read(bytes, done, bytes.length - done, done);
      if (bytesRead === 0) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
      done += bytesRead;
    }
    return bytes;
  }

  /** Ends the file. Its size is compared with what was written: a full disk does not always say so. */
  async finish(sync: boolean): Promise<WrittenBlob> {
    if (sync) await this.#file.sync();
    const { size } = await this.#file.stat();
    await this.#close();
    if (size !== this.#size) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
    return { sha256: this.#hash.digest('hex'), size, path: this.path };
  }

  /** Removes the file unless it has moved to its own place. Never rejects: what stays is swept at the next start. */
  async discard(): Promise<void> {
    await this.#close().catch(() => undefined);
    await rm(this.path, { force: true }).catch(() => undefined);
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#file.close();
  }
}
