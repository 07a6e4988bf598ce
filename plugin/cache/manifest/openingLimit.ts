import { ImageCacheError } from '../../errors.ts';

/**
 * A limit on how long anybody waits for the cache directory to be opened: a call on a network file system whose server is gone
 * never returns. What has been begun goes on, for a call cannot be taken back; nothing else is asked of the disk meanwhile, since
 * each such call holds one of the few threads that all work on files is done by. When it does return, the cache works.
 */
export class OpeningLimit {
  readonly #ms: number;
  readonly #dir: string;
  /** Rejects when the opening that is under way takes too long; none is under way: `undefined`. */
  #late: Promise<never> | undefined;
  #isLate = false;

  constructor(options: { ms: number; dir: string }) {
    this.#ms = options.ms;
    this.#dir = options.dir;
  }

  /** The opening that is under way takes too long: who comes now is told at once. */
  get isLate(): boolean {
    return this.#isLate;
  }

  /** Begins to count, until the work ends. */
  start(work: Promise<unknown>): void {
    let timer: NodeJS.Timeout | undefined;
    this.#late = new Promise((_, reject) => {
      timer = setTimeout(() => {
        this.#isLate = true;
        reject(this.#error());
      }, this.#ms).unref();
    });
    this.#late.catch(() => undefined); // nobody may be waiting
    const end = () => {
      clearTimeout(timer);
      this.#late = undefined;
      this.#isLate = false;
    };
    work.then(end, end);
  }

  /** Settles with the work, or rejects when the opening takes too long. @throws ImageCacheError CACHE_DIR_TIMEOUT */
  within<T>(work: Promise<T>): Promise<T> {
    return this.#late === undefined ? work : Promise.race([work, this.#late]);
  }

  #error(): ImageCacheError {
    const seconds = Math.ceil(this.#ms / 1000);
    return new ImageCacheError(
      'CACHE_DIR_TIMEOUT',
      `The cache directory \`${this.#dir}\` could not be opened within ${seconds} s.`,
      {
        hint: 'Its disk or network drive does not answer, or is very slow. The cache works as soon as it does; else name a directory on a local disk in `cacheDir`.',
        retryAfterMs: this.#ms,
      },
    );
  }
}
