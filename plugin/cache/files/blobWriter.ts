import { type Hash, createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './fileError.ts';

/** Up to this size the bytes are also kept in memory, so that they need not be read back to be looked at. */
const KEEP_BYTES = 4 << 20;

/** Somebody may be removing the directory again and again (T55). */
const MAX_ATTEMPTS = 5;

/** Collected before it is written: each write is a turn of one of the few threads that do all work on files. */
const WRITE_BYTES = 1 << 20;

export interface WrittenBlob {
  /** Hex. */
  sha256: string;
  size: number;
  /** The file under its temporary name. */
  path: string;
  /** The file has moved to its own place, so that there is nothing left to discard. */
  release?(): void;
}

/** A file that is being written under a temporary name. */
export class BlobWriter {
  readonly path: string;
  readonly #file: FileHandle;
  #hash: Hash = createHash('sha256');
  #size = 0;
  #written = 0;
  #pending: Uint8Array[] = [];
  #kept: Uint8Array[] | undefined = [];
  #closed = false;
  #released = false;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** `wx`: a file that is already there, or a link planted under its name, is never written to. */
  static async create(path: string): Promise<BlobWriter> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        // The cache was removed by hand.
        if (attempt > 1) await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        return new BlobWriter(path, await open(path, 'wx+', 0o600));
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT' || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#hash.update(chunk);
    this.#size += chunk.length;
    if (this.#size > KEEP_BYTES) this.#kept = undefined;
    else this.#kept?.push(chunk);
    this.#pending.push(chunk);
    if (this.#size - this.#written >= WRITE_BYTES) await this.#flush();
  }

  /** Begins again from the first byte. */
  async reset(): Promise<void> {
    await this.#file.truncate(0);
    this.#hash = createHash('sha256');
    this.#size = 0;
    this.#written = 0;
    this.#kept = [];
    this.#pending = [];
  }

  /** What was written so far. */
  async bytes(): Promise<Buffer> {
    if (this.#kept !== undefined) {
      const bytes = Buffer.concat(this.#kept);
      this.#kept = [bytes];
      if (this.#written === 0) this.#pending = [bytes]; // need not be joined again to be written
      return bytes;
    }
    await this.#flush();
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
    await this.#flush();
    if (sync) await this.#file.sync();
    const { size } = await this.#file.stat();
    await this.#close();
    if (size !== this.#size) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
    const release = () => {
      this.#released = true;
    };
    return { sha256: this.#hash.digest('hex'), size, path: this.path, release };
  }

  /** Removes the file unless it was released. Never rejects: what stays is swept at the next start. */
  async discard(): Promise<void> {
    await this.#close().catch(() => undefined);
    if (this.#released) return;
    await rm(this.path, { force: true }).catch(() => undefined);
  }

  async #flush(): Promise<void> {
    const [first = new Uint8Array()] = this.#pending;
    const bytes = this.#pending.length > 1 ? Buffer.concat(this.#pending) : first;
    this.#pending = [];
    for (let done = 0; done < bytes.length;) {
      // Positions are explicit, so that `reset` needs no seek; a write may stop short of what it was given.
      const { bytesWritten } = await this.#file.write(bytes, done, bytes.length - done, this.#written);
      done += bytesWritten;
      this.#written += bytesWritten;
    }
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#file.close();
  }
}
