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

/** The open log of one generation: appended to at its end, read from where this process stopped reading. */
export class JournalLog {
  readonly generation: number;
  /** The cache directory. */
  readonly #dir: string;
  #file: FileHandle;
  readonly #inode: bigint;
  #writable: boolean;
  readonly #chunk = Buffer.allocUnsafe(READ_BYTES);
  /** Up to here this process has read. */
  offset = 0;

  private constructor(dir: string, generation: number, file: FileHandle, inode: bigint, writable: boolean) {
    this.#dir = dir;
    this.generation = generation;
    this.#file = file;
    this.#inode = inode;
    this.#writable = writable;
  }

  /**
   * Opens an existing log; `undefined` if there is none. Where nothing may be written it can still be read (T57).
   * @throws with the code of a file that is none: EISDIR, ELOOP or ENXIO
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

  /** Begins a generation, unless somebody was faster. */
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

  /** True while this log is where its name says, so that everyone who looks for it finds it. */
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
   * True while nobody began a later generation: what was written before the call is acknowledged. The order of the
   * two looks matters: a successor is only ever removed after this log was (see `generations.ts`).
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

  /** Reads what was appended since the last call, by whomever. What the consumer throws at is read again. */
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

  /** One write, so that records of several processes never mix. A short one is a failure: nothing was promised. */
  async append(text: string): Promise<void> {
    await lookAt(this.#dir, JOURNAL_DIR); // a journal that was moved elsewhere, and linked to, is open all the same
    if (!this.#writable) await this.#reopen();
    const bytes = Buffer.from(text);
    const { bytesWritten } = await this.#file.write(bytes);
    if (bytesWritten !== bytes.length) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
  }

  /** What could not be written to may be by now. That it is still the same file, `isNewest` finds out. */
  async #reopen(): Promise<void> {
    const file = await open(generationPath(this.#dir, this.generation, 'log'), APPEND);
    await this.#file.close();
    this.#file = file;
    this.#writable = true;
  }

  /** Makes what was appended survive a power cut. */
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
