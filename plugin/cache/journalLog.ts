import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { errnoOf } from './fileError.ts';
import { generationPath } from './generations.ts';
import { type JournalRecord, decodeRecords } from './journalRecord.ts';

/** Bytes read at a time. */
const READ_BYTES = 1 << 20;

/** The open log of one generation: appended to at its end, read from where this process stopped reading. */
export class JournalLog {
  readonly generation: number;
  readonly #dir: string;
  readonly #file: FileHandle;
  readonly #inode: bigint;
  /** Up to here this process has read. */
  offset: number;

  private constructor(dir: string, generation: number, file: FileHandle, inode: bigint, offset: number) {
    this.#dir = dir;
    this.generation = generation;
    this.#file = file;
    this.#inode = inode;
    this.offset = offset;
  }

  /** Opens an existing log; `undefined` if there is none. */
  static async open(dir: string, generation: number, offset = 0): Promise<JournalLog | undefined> {
    const flags = constants.O_RDWR | constants.O_APPEND; // no O_CREAT: only `create` may begin a generation
    try {
      return await JournalLog.#from(dir, generation, flags, offset);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Begins a generation, or joins whoever was faster. */
  static async create(dir: string, generation: number): Promise<JournalLog | undefined> {
    const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL;
    try {
      return await JournalLog.#from(dir, generation, flags, 0);
    } catch (error) {
      if (errnoOf(error) === 'EEXIST') return JournalLog.open(dir, generation);
      throw error;
    }
  }

  static async #from(dir: string, generation: number, flags: number, offset: number): Promise<JournalLog> {
    const file = await open(generationPath(dir, generation, 'log'), flags, 0o600);
    const { ino } = await file.stat({ bigint: true });
    return new JournalLog(dir, generation, file, ino, offset);
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

  /** Reads what was appended since the last call, by whomever. */
  async *read(): AsyncGenerator<{ record: JournalRecord; damaged: number }> {
    let buffer = Buffer.alloc(0);
    for (;;) {
      const chunk = Buffer.allocUnsafe(READ_BYTES);
      const { bytesRead } = await this.#file.read(chunk, 0, READ_BYTES, this.offset + buffer.length);
      if (bytesRead === 0) return;
      buffer = Buffer.concat([buffer, chunk.subarray(0, bytesRead)]);
      const { records, consumed, damaged } = decodeRecords(buffer);
      let reported = damaged;
      this.offset += consumed;
      buffer = buffer.subarray(consumed);
      for (const record of records) {
        yield { record, damaged: reported };
        reported = 0;
      }
    }
  }

  /** One write, so that records of several processes never mix. A short one is a failure: nothing was promised. */
  async append(text: string, sync: boolean): Promise<void> {
    const bytes = Buffer.from(text);
    const { bytesWritten } = await this.#file.write(bytes);
    if (bytesWritten !== bytes.length) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
    if (sync) await this.#file.datasync();
  }

  async size(): Promise<number> {
    return (await this.#file.stat()).size;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
