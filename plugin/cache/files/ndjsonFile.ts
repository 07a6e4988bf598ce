import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { TimeSlice } from '../../timeSlice.ts';
import { constants } from 'node:fs';
import { APPEND, READ } from './cautiousOpen.ts';
import { ensureOwnDirectory } from './ensureOwnDirectory.ts';
import { lookAt } from './ownFolders.ts';
import { replaceContent } from './replaceContent.ts';

/** A longer file is shortened to its newer half. */
const MAX_BYTES = 4_000_000;

/**
 * A file of notes, one JSON object a line, that any number of processes append to. It is for what may be lost: nothing is synced, a line
 * that was torn is skipped, and while one process shortens the file, lines of others may get lost.
 *
 * No failure of the disk is reported. The directory is not created: `rm -rf` of it is a valid way to clear the cache.
 */
export class NdjsonFile {
  readonly #dir: string;
  readonly #name: string;

  /** @param dir the cache directory @param name one of our names in it */
  constructor(dir: string, name: string) {
    this.#dir = dir;
    this.#name = name;
  }

  /** Appends the lines in one write, unless the directory is used for something else by now (S2). Never rejects. */
  async append(lines: readonly object[]): Promise<void> {
    if (lines.length === 0 || !(await this.#isOurs())) return;
    // The newline ahead keeps these lines readable if the last writer was killed in the middle of one.
    const text = `\n${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
    const isLong = await this.#with(APPEND | constants.O_CREAT, async (file) => {
      await file.writeFile(text);
      return (await file.stat()).size > MAX_BYTES;
    });
    if (isLong === true) await this.#shorten();
  }

  /** The objects in the file, the oldest first. Returns none if there is no file. Never rejects. */
  async read(): Promise<object[]> {
    const text = await this.#with(READ, (file) => readEnd(file));
    const objects: object[] = [];
    const timeSlice = new TimeSlice();
    for (const line of (text ?? '').split('\n')) {
      const object = line === '' ? undefined : parseLine(line);
      if (object !== undefined) objects.push(object);
      if (timeSlice.isOver) await timeSlice.yield();
    }
    return objects;
  }

  /** Drops the older half. */
  async #shorten(): Promise<void> {
    const rest = await this.#with(READ, (file) => readEnd(file, MAX_BYTES / 2));
    if (rest === undefined) return;
    await replaceContent(this.#dir, this.#name, rest).catch(() => undefined); // it stays as long as it is
  }

  async #isOurs(): Promise<boolean> {
    return ensureOwnDirectory(this.#dir).then(
      () => true,
      () => false,
    );
  }

  async #with<T>(flags: number, use: (file: FileHandle) => Promise<T>): Promise<T | undefined> {
    let file: FileHandle | undefined;
    try {
      if ((await lookAt(this.#dir, '')) === undefined) return undefined;
      file = await open(join(this.#dir, this.#name), flags, 0o600);
      return (await file.stat()).isFile() ? await use(file) : undefined;
    } catch {
      return undefined; // full, read-only, gone, or a planted link
    } finally {
      await file?.close().catch(() => undefined);
    }
  }
}

/** The last bytes of the file, without the line that they cut. */
async function readEnd(file: FileHandle, maxBytes = 2 * MAX_BYTES): Promise<string> {
  const { size } = await file.stat();
  const length = Math.min(size, maxBytes);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
  const text = buffer.toString('utf8', 0, bytesRead);
  return length < size ? text.slice(text.indexOf('\n') + 1) : text;
}

function parseLine(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
