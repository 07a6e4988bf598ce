import { ImageCacheError } from '../../errors.ts';

/**
 * Limits how long callers wait for the cache directory to be opened: a call on a network file system whose server is gone
 * never returns. A call that has begun cannot be cancelled, so it goes on. No other call is made to the disk meanwhile,
 * because each one holds one of the few threads that do all file work. When the call returns after all, the cache works.
 */
export class OpeningLimit {
  readonly #ms: number;
  readonly #dir: string;
  /** Rejects when the current opening takes too long; `undefined` when nothing is being opened. */
  #late: Promise<never> | undefined;
  #isLate = false;

  constructor(options: { ms: number; dir: string }) {
    this.#ms = options.ms;
    this.#dir = options.dir;
  }

  /** True when the current opening takes too long: new callers are refused at once. */
  get isLate(): boolean {
    return this.#isLate;
  }

  /** Starts the time limit, which ends with the work. */
  start(work: Promise<unknown>): void {
    let timer: NodeJS.Timeout | undefined;
    this.#late = new Promise((_, reject) => {
      timer = setTimeout(() => {
        this.#isLate = true;
        reject(this.#error());
      }, this.#ms).unref();
    });
    this.#late.catch(() => undefined); // there may be no caller waiting
    const end = () => {
      clearTimeout(timer);
      this.#late = undefined;
      this.#isLate = false;
    };
    work.then(end, end);
  }

  /** Settles like the work, or rejects when the opening takes too long. @throws ImageCacheError CACHE_DIR_TIMEOUT */
  within<T>(work: Promise<T>): Promise<T> {
    return this.#late === undefined ? work : Promise.race([work, this.#late]);
  }

  #error(): ImageCacheError {
    const seconds = Math.ceil(this.#ms / 1000);
    return new ImageCacheError(
      'CACHE_DIR_TIMEOUT',
      `The cache directory \`${this.#dir}\` could not be opened within ${seconds} s.`,
      {
        hint: 'Its disk or network drive does not answer, or is very slow. The cache works as soon as it answers. Otherwise set `cacheDir` to a directory on a local disk.',
        retryAfterMs: this.#ms,
      },
    );
  }
}
