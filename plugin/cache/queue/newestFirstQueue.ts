import type { Limit } from './limit.ts';
import { ImageCacheError } from '../../errors.ts';

export interface NewestFirstRequest<Result> {
  /** Requests with the same key share one task. */
  key: string;
  /** Aborted when whoever asked has left. */
  signal: AbortSignal | undefined;
  task: () => Promise<Result>;
}

interface Job<Result> {
  key: string;
  task: () => Promise<Result>;
  /** One for each requester that still waits. */
  requesters: Set<(made: Promise<Result>) => void>;
  /** The number of the request that was the last to ask for it. */
  askedAt: number;
}

interface Running<Result> extends Job<Result> {
  made: Promise<Result>;
}

/** More than a page needs; whoever wants more waits for these. */
const MAX_WAITING = 500;
/** In one of so many turns, what has waited longest. */
const OLDEST_EVERY = 4;

/**
 * One task a key, whoever asks. The limit gives the turns; what is made in one is decided when it has come: what was asked for
 * last, for that is on the screen now, and in every fourth what has waited longest. So n others that came before, and any
 * number that come after, make nobody wait for more than 4 (n + 1) turns, and n is below 500.
 *
 * What has not been begun is dropped as soon as all have left. What has been begun cannot be stopped, and comes to its end for
 * whoever asks for it next; the download queue, which aborts it and frees its key, would have it made twice.
 */
export class NewestFirstQueue<Result> {
  readonly #limit: Limit;
  /** What was asked for first comes first. */
  readonly #waiting = new Map<string, Job<Result>>();
  readonly #running = new Map<string, Running<Result>>();
  /** Turns that the limit has been asked for; those of dropped tasks go to the next ones, else they would pile up. */
  #turnsToCome = 0;
  #turn = 0;
  #asked = 0;
  #closed = false;

  constructor(limit: Limit) {
    this.#limit = limit;
  }

  /**
   * Runs the task when it is its turn, or joins the one that waits or runs for the same key.
   * @throws ImageCacheError OVERLOADED, ABORTED when whoever asked has left, and what the task throws
   */
  async run({ key, signal, task }: NewestFirstRequest<Result>): Promise<Result> {
    if (this.#closed) throw closed();
    if (signal?.aborted === true) throw left();
    const job = this.#running.get(key) ?? this.#waiting.get(key) ?? this.#enqueue(key, task);
    this.#asked += 1;
    job.askedAt = this.#asked;
    job.task = task; // what was signed last is good for longest
    return this.#join(job, signal);
  }

  /** Refuses everything that waits. Resolves when nothing runs any more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#waiting.values()) tellAll(job, Promise.reject(closed()));
    this.#waiting.clear();
    await Promise.allSettled([...this.#running.values()].map(({ made }) => made));
  }

  #enqueue(key: string, task: () => Promise<Result>): Job<Result> {
    if (this.#waiting.size >= MAX_WAITING) {
      throw new ImageCacheError('OVERLOADED', 'Too many variants are waiting to be made.', { retryAfterMs: 1000 });
    }
    const job: Job<Result> = { key, task, requesters: new Set(), askedAt: 0 };
    this.#waiting.set(key, job);
    if (this.#turnsToCome < this.#waiting.size) {
      this.#turnsToCome += 1;
      void this.#limit(() => this.#takeTurn());
    }
    return job;
  }

  #join(job: Job<Result>, signal: AbortSignal | undefined): Promise<Result> {
    return new Promise((resolve, reject) => {
      const tell = (made: Promise<Result>) => {
        signal?.removeEventListener('abort', leave);
        resolve(made);
      };
      const leave = () => {
        job.requesters.delete(tell);
        if (job.requesters.size === 0) this.#waiting.delete(job.key);
        reject(left());
      };
      job.requesters.add(tell);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  async #takeTurn(): Promise<void> {
    this.#turnsToCome -= 1;
    const job = this.#next();
    if (job === undefined) return; // all have left
    this.#waiting.delete(job.key);
    const made = job.task();
    this.#running.set(job.key, { ...job, made });
    await made.catch(() => undefined); // heard by those who wait
    this.#running.delete(job.key); // first, so that whoever asks again begins afresh
    tellAll(job, made);
  }

  #next(): Job<Result> | undefined {
    this.#turn += 1;
    const jobs = [...this.#waiting.values()];
    if (this.#turn % OLDEST_EVERY === 0) return jobs[0];
    return jobs.toSorted((a, b) => b.askedAt - a.askedAt)[0];
  }
}

function tellAll<Result>({ requesters }: Job<Result>, made: Promise<Result>): void {
  for (const tell of requesters) tell(made);
}

function closed(): ImageCacheError {
  return new ImageCacheError('ABORTED', 'The image cache is closed.');
}

function left(): ImageCacheError {
  return new ImageCacheError('ABORTED', 'Whoever asked for the image has left.');
}
