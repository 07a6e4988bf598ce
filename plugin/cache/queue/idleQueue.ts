const IDLE_MS = 1000;
/** Where something new is added again and again, it is begun after so many times as long. */
const PATIENCE = 10;
/** Those beyond are added again when they are served again. */
const MAX_QUEUED = 10_000;
const MAX_TRIED = 100_000;

export interface IdleQueueOptions {
  /** Whether the work can be done at all; asked once, before the first of it. */
  isAvailable: () => Promise<boolean>;
  /** Does the work for one entry of the manifest. */
  work: (key: string) => Promise<void>;
  /** Called when nothing is left, and at the end. */
  drained?: () => Promise<void>;
  /** Begun when nothing was added for so many milliseconds. @default 1000 */
  idleMs?: number | undefined;
}

/** Work on images that waits until there is nothing better to do, one at a time, once for the same bytes. */
export class IdleQueue {
  readonly #options: IdleQueueOptions;
  readonly #queued = new Set<string>();
  /** By digest: what could not be done is not tried again. */
  readonly #tried = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #queuedAt = 0;
  #waitingSince = 0;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: IdleQueueOptions) {
    this.#options = options;
  }

  /** Nothing more is begun. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Sees to it that the work is done, some time. */
  add({ s3_url: key, sha256 }: { s3_url: string; sha256: string }): void {
    if (this.#closed || this.#tried.has(sha256) || this.#queued.has(key) || this.#queued.size >= MAX_QUEUED) return;
    this.#queued.add(key);
    this.#queuedAt = performance.now();
    if (this.#timer !== undefined || this.#running !== undefined) return;
    this.#waitingSince = this.#queuedAt;
    this.#schedule();
  }

  /** Notes that the work was begun for an image with this digest, so that none with the same is added again. */
  tried(sha256: string): void {
    if (this.#tried.size >= MAX_TRIED) this.#tried.clear();
    this.#tried.add(sha256);
  }

  /** Takes that back. */
  retry(sha256: string): void {
    this.#tried.delete(sha256);
  }

  /** Resolves when what was begun is done. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(): void {
    const { idleMs = IDLE_MS } = this.#options;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#closed) return;
      const now = performance.now();
      const isBusy = now - this.#queuedAt < idleMs && now - this.#waitingSince < PATIENCE * idleMs;
      if (isBusy) this.#schedule();
      else this.#running ??= this.#run().finally(() => this.#ended());
    }, idleMs).unref();
  }

  #ended(): void {
    this.#running = undefined;
    // What was added at the very end, when the last record was being written.
    if (this.#queued.size > 0 && !this.#closed) this.#schedule();
  }

  /** Never rejects: work that fails is its own affair. */
  async #run(): Promise<void> {
    const { isAvailable, work, drained } = this.#options;
    if (!(await isAvailable().catch(() => false))) {
      this.#closed = true;
      return;
    }
    for (const key of this.#queued) {
      if (this.#closed) break;
      this.#queued.delete(key);
      await work(key).catch(() => undefined);
    }
    await drained?.().catch(() => undefined);
  }
}
