import { type FileHandle, open, stat } from 'node:fs/promises';
import { errnoOf } from '../files/fileError.ts';
import { generationPath } from './generations.ts';
import { type DecodedRecords, decodeRecords } from './journalRecord.ts';
import { JOURNAL_DIR } from '../files/layout.ts';
import { APPEND, CREATE, READ } from '../files/cautiousOpen.ts';
import { lookAt } from '../files/ownFolders.ts';
import { syncHandleData } from '../files/syncHandle.ts';

/** Bytes read at a time. */
const READ_BYTES = 1 << 18;

/** The open log of one generation. Records are appended at its end, and read from where this process stopped reading. */
export class JournalLog {
  readonly generation: number;
  /** The cache directory. */
  readonly #dir: string;
  #file: FileHandle;
  readonly #inode: bigint;
  #writable: boolean;
  readonly #chunk = Buffer.allocUnsafe(READ_BYTES);
  /** This process has read up to this byte. */
  offset = 0;

  private constructor(dir: string, generation: number, file: FileHandle, inode: bigint, writable: boolean) {
    this.#dir = dir;
    this.generation = generation;
    this.#file = file;
    this.#inode = inode;
    this.#writable = writable;
  }

  /**
   * Opens an existing log; returns `undefined` if there is none. A log that may not be written can still be read (T57).
   * @throws with code EISDIR, ELOOP or ENXIO for something that is not a file
   */
  static async open(dir: string, generation: number): Promise<JournalLog | undefined> {
    try {
      return await JournalLog.#open(dir, generation, APPEND);
    } catch (error) {
      const code = errnoOf(error);
      if (code === 'ENOENT') return undefined;
      if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') throw error;
      return JournalLog.#open(dir, generation, READ);
    }
  }

  /** Starts a generation, unless another process has done so. */
  static async create(dir: string, generation: number): Promise<void> {
    await lookAt(dir, JOURNAL_DIR);
    try {
      await (await open(generationPath(dir, generation, 'log'), CREATE, 0o600)).close();
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    }
  }

  static async #open(dir: string, generation: number, flags: number): Promise<JournalLog> {
    const file = await open(generationPath(dir, generation, 'log'), flags);
    try {
      const stats = await file.stat({ bigint: true });
      if (!stats.isFile()) throw Object.assign(new Error('not a file'), { code: 'EISDIR' });
      return new JournalLog(dir, generation, file, stats.ino, flags === APPEND);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** True while this file still has its name, so that every process that opens the name finds this file. */
  async exists(): Promise<boolean> {
    try {
      const { ino } = await stat(generationPath(this.#dir, this.generation, 'log'), { bigint: true });
      return ino === this.#inode;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  /**
   * True while no process has started a later generation: then the records written before the call are acknowledged. The
   * order of the two checks matters: a successor is only removed after this log was (see `generations.ts`).
   */
  async isNewest(): Promise<boolean> {
    const successor = generationPath(this.#dir, this.generation + 1, 'log');
    const sealed = await stat(successor).then(
      () => true,
      (error: unknown) => {
        if (errnoOf(error) === 'ENOENT') return false;
        throw error;
      },
    );
    return !sealed && (await this.exists());
  }

  /** Reads the records that any process appended since the last call. If the consumer throws, they are read again by the next call. */
  async *read(): AsyncGenerator<Pick<DecodedRecords, 'records' | 'damaged'>, void, void> {
    let rest = Buffer.alloc(0);
    for (;;) {
      const { bytesRead } = await this.#file.read(this.#chunk, 0, READ_BYTES, this.offset + rest.length);
      if (bytesRead === 0) return;
      const bytes = Buffer.concat([rest, this.#chunk.subarray(0, bytesRead)]);
      const { records, consumed, damaged } = decodeRecords(bytes);
      for (const each of records) each.start += this.offset;
      yield { records, damaged };
      this.offset += consumed;
      rest = bytes.subarray(consumed);
    }
  }

  /** Appends in one write, so that records of several processes never mix. A short write is a failure; nothing was promised yet. */
  async append(text: string): Promise<void> {
    await lookAt(this.#dir, JOURNAL_DIR); // The open file would work even if the journal was moved elsewhere and replaced by a link.
    if (!this.#writable) await this.#reopen();
    const bytes = Buffer.from(text);
    const { bytesWritten } = await this.#file.write(bytes);
    if (bytesWritten !== bytes.length) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
  }

  /** Opens the log for writing: it may be writable by now. `isNewest` finds out whether it is still the same file. */
  async #reopen(): Promise<void> {
    const file = await open(generationPath(this.#dir, this.generation, 'log'), APPEND);
    await this.#file.close();
    this.#file = file;
    this.#writable = true;
  }

  /** Syncs the log, so that appended records survive a power cut. */
  sync(): Promise<void> {
    return syncHandleData(this.#file);
  }

  async size(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
