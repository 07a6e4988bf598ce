import { statfs } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** A disk that answers later than this is not waited for. */
const PATIENCE_MS = 1000;

/** Asks a disk how much space is free, once at a time: a network drive that hangs must not take all threads that read files. */
export class FreeSpace {
  readonly #dir: string;
  #asking: Promise<number | undefined> | undefined;

  constructor(dir: string) {
    this.#dir = dir;
  }

  /** Bytes; `undefined` if there is no such directory, or no answer within a second. */
  async read(): Promise<number | undefined> {
    this.#asking ??= statfs(this.#dir)
      .then(
        ({ bavail, bsize }) => bavail * bsize,
        () => undefined,
      )
      .finally(() => (this.#asking = undefined));
    const late = new AbortController();
    const tooLate = delay(PATIENCE_MS, undefined, { ref: false, signal: late.signal }).catch(() => undefined);
    try {
      return await Promise.race([this.#asking, tooLate]);
    } finally {
      late.abort();
    }
  }
}
