import type { Limit } from './limit.ts';
import { ImageCacheError } from '../../errors.ts';

export interface NewestFirstRequest<Result> {
  /** Requests with the same key share one task. */
  key: string;
  /** Aborted when the requester has left. */
  signal: AbortSignal | undefined;
  task: () => Promise<Result>;
}

interface Job<Result> {
  key: string;
  task: () => Promise<Result>;
  /** Requesters that are still waiting. */
  requesters: Set<(made: Promise<Result>) => void>;
  /** Number of the latest request for this task. */
  askedAt: number;
}

interface Running<Result> extends Job<Result> {
  made: Promise<Result>;
}

/** Maximum number of waiting tasks, more than a page needs. Further ones are refused until there is room. */
const MAX_WAITING = 500;
/** One turn in this many goes to the task that has waited longest. */
const OLDEST_EVERY = 4;

/**
 * Runs one task per key; requesters of the same key share it. The limit decides when a task may start. Which task starts is
 * decided only then: usually the one that was requested last, because it is on the screen now, and in every fourth turn the one
 * that has waited longest. So with n tasks before it, a task waits at most 4 (n + 1) turns, however many come after it, and n is
 * below 500.
 *
 * A task that has not started is dropped as soon as all requesters have left. A running task cannot be stopped: it finishes, and
 * later requesters get its result. The download queue would abort it and free its key, so it would run twice.
 */
export class NewestFirstQueue<Result> {
  readonly #limit: Limit;
  /** In order of the first request. */
  readonly #waiting = new Map<string, Job<Result>>();
  readonly #running = new Map<string, Running<Result>>();
  /** Turns requested from the limit. The turn of a dropped task goes to the next one; otherwise turns would pile up. */
  #pendingTurns = 0;
  #turn = 0;
  #asked = 0;
  #closed = false;

  constructor(limit: Limit) {
    this.#limit = limit;
  }

  /**
   * Runs the task when its turn comes, or joins the task that is waiting or running for the same key.
   * @throws ImageCacheError OVERLOADED, ABORTED when the requester has left, and what the task throws
   */
  async run({ key, signal, task }: NewestFirstRequest<Result>): Promise<Result> {
    if (this.#closed) throw closed();
    if (signal?.aborted === true) throw left();
    const job = this.#running.get(key) ?? this.#waiting.get(key) ?? this.#enqueue(key, task);
    this.#asked += 1;
    job.askedAt = this.#asked;
    job.task = task; // the URL that was signed last is valid for longest
    return this.#join(job, signal);
  }

  /** Refuses all waiting tasks. Resolves when no task is running. */
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
    if (this.#pendingTurns < this.#waiting.size) {
      this.#pendingTurns += 1;
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
    this.#pendingTurns -= 1;
    const job = this.#next();
    if (job === undefined) return; // all requesters have left
    this.#waiting.delete(job.key);
    const made = job.task();
    this.#running.set(job.key, { ...job, made });
    await made.catch(() => undefined); // the requesters handle the error
    this.#running.delete(job.key); // before the requesters get the result, so that a later request starts a new task
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
  return new ImageCacheError('ABORTED', 'The request for the image was aborted.');
}
