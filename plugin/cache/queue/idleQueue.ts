const IDLE_MS = 1000;
/** If new work is added again and again, it starts after this multiple of the delay. */
const PATIENCE = 10;
/** Maximum number of waiting images. Further ones are added again when they are served again. */
const MAX_QUEUED = 10_000;
const MAX_TRIED = 100_000;

export interface IdleQueueOptions {
  /** Returns whether the work is possible at all; called once, before the first task. */
  isAvailable: () => Promise<boolean>;
  /** Does the work for one entry of the manifest. */
  work: (key: string) => Promise<void>;
  /** Called when the queue is empty, and at the end. */
  drained?: () => Promise<void>;
  /** The work starts when nothing was added for this long, in milliseconds. @default 1000 */
  idleMs?: number | undefined;
}

/** Processes images one at a time when the server is idle, and once for equal bytes. */
export class IdleQueue {
  readonly #options: IdleQueueOptions;
  readonly #queued = new Set<string>();
  /** Digests of the images that were processed. One that failed is not tried again. */
  readonly #tried = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #queuedAt = 0;
  #waitingSince = 0;
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: IdleQueueOptions) {
    this.#options = options;
  }

  /** Starts no further work. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Schedules the work for an image. */
  add({ s3_url: key, sha256 }: { s3_url: string; sha256: string }): void {
    if (this.#closed || this.#tried.has(sha256) || this.#queued.has(key) || this.#queued.size >= MAX_QUEUED) return;
    this.#queued.add(key);
    this.#queuedAt = performance.now();
    if (this.#timer !== undefined || this.#running !== undefined) return;
    this.#waitingSince = this.#queuedAt;
    this.#schedule();
  }

  /** Marks a digest as processed, so that no image with these bytes is added again. */
  tried(sha256: string): void {
    if (this.#tried.size >= MAX_TRIED) this.#tried.clear();
    this.#tried.add(sha256);
  }

  /** Allows another attempt for this digest. */
  retry(sha256: string): void {
    this.#tried.delete(sha256);
  }

  /** Resolves when the running work is done. */
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
    // Process images that were added while the last record was being written.
    if (this.#queued.size > 0 && !this.#closed) this.#schedule();
  }

  /** Never rejects: the work handles its own failures. */
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
