import { type Hash, createHash } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type FileIdentity, identityOf } from './fileIdentity.ts';
import { TMP_DIR } from './layout.ts';
import { makeFolder, pathInside, removeFile } from './ownFolders.ts';
import { retryWhenRemoved } from './retryWhenRemoved.ts';
import { temporaryPath } from './temporary.ts';
import { syncHandle } from './syncHandle.ts';

export interface WrittenBlob {
  /** SHA-256 of the bytes, hex. */
  sha256: string;
  size: number;
  /** Path of the temporary file. */
  path: string;
  /** Identifies the file after it was renamed. */
  identity: FileIdentity;
  /** Tells the writer that the file was moved to its final name, so there is nothing left to discard. */
  release?(): void;
}

/** A file that is being written under a temporary name. */
export class BlobWriter {
  readonly path: string;
  readonly #dir: string;
  readonly #file: FileHandle;
  #hash: Hash = createHash('sha256');
  #size = 0;
  #closed = false;
  #released = false;

  private constructor(dir: string, path: string, file: FileHandle) {
    this.#dir = dir;
    this.path = path;
    this.#file = file;
  }

  /** @param dir the cache directory. The flag `wx` makes sure that an existing file, or a planted link, is never written to. */
  static create(dir: string): Promise<BlobWriter> {
    const path = temporaryPath(dir);
    return retryWhenRemoved(async () => {
      await makeFolder(dir, TMP_DIR); // the cache may have been removed by hand
      return new BlobWriter(dir, path, await open(path, 'wx+', 0o600));
    });
  }

  async write(chunks: readonly Uint8Array[]): Promise<void> {
    for (const chunk of chunks) this.#hash.update(chunk);
    for (let rest = after(chunks, 0); rest.length > 0;) {
      // Positions are explicit, so that `reset` needs no seek. A write may be shorter than requested.
      const { bytesWritten } = await this.#file.writev(rest, this.#size);
      if (bytesWritten === 0) throw shortWrite();
      this.#size += bytesWritten;
      rest = after(rest, bytesWritten);
    }
  }

  /** Starts again from the first byte. */
  async reset(): Promise<void> {
    if (this.#size > 0) await this.#file.truncate(0);
    this.#hash = createHash('sha256');
    this.#size = 0;
  }

  /** Reads back what was written so far. */
  async bytes(): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(this.#size);
    for (let done = 0; done < bytes.length;) {
      const { bytesRead } = await this.#file.read(bytes, done, bytes.length - done, done);
      if (bytesRead === 0) throw shortWrite();
      done += bytesRead;
    }
    return bytes;
  }

  /** Completes the file. Its size is checked, because a full disk does not always report an error. */
  async finish(fsync: boolean): Promise<WrittenBlob> {
    if (fsync) await syncHandle(this.#file);
    const identity = identityOf(fstatSync(this.#file.fd)); // needs no disk access; an asynchronous call would cost ten times as much
    await this.#close();
    if (identity.size !== this.#size) throw shortWrite();
    const release = () => {
      this.#released = true;
    };
    return { sha256: this.#hash.digest('hex'), size: this.#size, path: this.path, identity, release };
  }

  /** Removes the file unless it was released. Never rejects: a file that remains is swept at the next start. */
  async discard(): Promise<void> {
    await this.#close().catch(() => undefined);
    if (this.#released) return;
    await removeFile(this.#dir, pathInside(this.#dir, this.path)).catch(() => undefined);
  }

  async #close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#file.close();
  }
}

/** Returns the chunks without the bytes that were written. None of them is empty. */
function after(chunks: readonly Uint8Array[], done: number): Uint8Array[] {
  let start = -done;
  return chunks.flatMap((chunk) => {
    start += chunk.length;
    return start <= 0 ? [] : [chunk.subarray(Math.max(0, chunk.length - start))];
  });
}

function shortWrite(): Error {
  return Object.assign(new Error('short write'), { code: 'ENOSPC' });
}
