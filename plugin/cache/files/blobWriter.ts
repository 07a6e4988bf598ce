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
  /** Hex. */
  sha256: string;
  size: number;
  /** The file under its temporary name. */
  path: string;
  /** What it is known by when it has its own name. */
  identity: FileIdentity;
  /** The file has moved to its own place, so that there is nothing left to discard. */
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

  /**
   * @param dir the cache directory. `wx`: a file that is already there, or a link planted under its name, is never written to.
   */
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
      // Positions are explicit, so that `reset` needs no seek; a write may stop short of what it was given.
      const { bytesWritten } = await this.#file.writev(rest, this.#size);
      if (bytesWritten === 0) throw shortWrite();
      this.#size += bytesWritten;
      rest = after(rest, bytesWritten);
    }
  }

  /** Begins again from the first byte. */
  async reset(): Promise<void> {
    if (this.#size > 0) await this.#file.truncate(0);
    this.#hash = createHash('sha256');
    this.#size = 0;
  }

  /** What was written so far, read back. */
  async bytes(): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(this.#size);
    for (let done = 0; done < bytes.length;) {
      const { bytesRead } = await this.#file.read(bytes, done, bytes.length - done, done);
      if (bytesRead === 0) throw shortWrite();
      done += bytesRead;
    }
    return bytes;
  }

  /** Ends the file. Its size is compared with what was written: a full disk does not always say so. */
  async finish(fsync: boolean): Promise<WrittenBlob> {
    if (fsync) await syncHandle(this.#file);
    const identity = identityOf(fstatSync(this.#file.fd)); // no disk is asked, and a turn of a thread costs ten times as much
    await this.#close();
    if (identity.size !== this.#size) throw shortWrite();
    const release = () => {
      this.#released = true;
    };
    return { sha256: this.#hash.digest('hex'), size: this.#size, path: this.path, identity, release };
  }

  /** Removes the file unless it was released. Never rejects: what stays is swept at the next start. */
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

/** What is left of the chunks when so many bytes are done; none of it is empty. */
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
