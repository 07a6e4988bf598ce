import { ImageCacheError } from '../../errors.ts';
import type { Urgency } from '../../protocol.ts';
import type { Mark, Timeline } from '../../timeline.ts';
import { AbortListeners } from './abortListeners.ts';
import { Lane } from './lane.ts';
import { PriorityQueue } from './priorityQueue.ts';
import { ForegroundPriority } from './foregroundPriority.ts';

export interface QueueRequest<Result, Progress> {
  /** Requests with the same key share one task. */
  key: string;
  urgency: Urgency;
  /** Which server the task asks: one that hangs leaves the others their slots. @default one that all such tasks share */
  origin?: string | undefined;
  /**
   * Aborted when the requester has left. Requests with one signal are one caller's, and callers take turns; a request without a
   * signal is a caller of its own.
   */
  signal?: AbortSignal | undefined;
  /** Hears what the task reports; who joins later hears the latest at once. */
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Of the requester: gets the wait for the task's turn, and the task's marks from when the requester joined. */
  timeline?: Timeline | undefined;
  task: Task<Result, Progress>;
}

/** What a task is given. */
export interface TaskContext<Progress> {
  /** Aborted when every requester has left. */
  signal: AbortSignal;
  report: (progress: Progress) => void;
  /** Tells the timelines of all requesters that a step has come to its end. */
  mark: Mark;
  /** What the slot is for has been done, and the next task may begin, though this one has not come to its end. */
  freeSlot: () => void;
  /** To be awaited before each piece of work: holds up a background task while one for the screen is running. */
  yieldToForeground: () => Promise<void> | undefined;
}

type Task<Result, Progress> = (context: TaskContext<Progress>) => Promise<Result>;

export interface TaskQueueOptions {
  /** Tasks at a time for images on screen, of each origin; of all together, twice as many (see {@link Lane}). */
  visible: number;
  /** The same for all others; asked again for each. */
  background: () => number;
  /** What `background` never exceeds. */
  maxBackground: number;
  /** Whether background tasks are to yield although nothing for the screen is running. @default never */
  isBusy?: () => boolean;
}

/** Background tasks that are begun while there is something better to do; they also yield. */
const BUSY_SLOTS = 4;

interface Job<Result, Progress> {
  key: string;
  running: boolean;
  /** Requesters that still wait. */
  waiting: number;
  /** Where its requesters wait in the queue, the latest last; empty once it runs. */
  places: Set<Place<Result, Progress>>;
  /** What the task reported last. */
  progress: Progress | undefined;
  listeners: ((progress: Progress) => void)[];
  timelines: Timeline[];
  /** Of a running one: ten thousand that wait would hold as many. */
  abort: AbortController | undefined;
  settled: Promise<Result>;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

/** A place in the queue: one requester's for one job, which leaves with the requester. */
interface Place<Result, Progress> {
  job: Job<Result, Progress>;
  urgency: Urgency;
  origin: string;
  caller: object;
  task: Task<Result, Progress>;
}

/**
 * One task per key at a time, whoever asks. Each requester has a place in the queue, and the first of these whose turn it is begins
 * the task for all; it is given up only when all have left (as in Nuke's task coalescing). Images on screen have slots of
 * their own, so that no prefetch, however long, makes one wait; while they are on their way, half as many others are begun, and
 * those that run yield. Origins take turns, and none can take the slots of all; at one origin, callers take turns.
 */
export class TaskQueue<Result, Progress = never> {
  readonly #options: TaskQueueOptions;
  readonly #jobs = new Map<string, Job<Result, Progress>>();
  readonly #places = new PriorityQueue<Place<Result, Progress>>();
  readonly #queued = new Set<Job<Result, Progress>>();
  /** Also those that nobody can join any more. */
  readonly #running = new Set<Job<Result, Progress>>();
  readonly #visible: Lane;
  readonly #background: Lane;
  readonly #foreground: ForegroundPriority<Job<Result, Progress>>;
  readonly #leaving = new AbortListeners();
  readonly #tasks = new Set<Promise<void>>();
  #closed = false;

  constructor(options: TaskQueueOptions) {
    this.#options = options;
    this.#visible = new Lane(options.visible);
    this.#background = new Lane(options.maxBackground);
    this.#foreground = new ForegroundPriority(() => this.#fill(), options.isBusy);
  }

  get active(): number {
    return this.#visible.running + this.#background.running;
  }

  get queued(): number {
    return this.#queued.size;
  }

  /** Runs the task, or joins the one that is queued or running for the same key. */
  run(request: QueueRequest<Result, Progress>): Promise<Result> {
    if (this.#closed) return Promise.reject(closed());
    const job = this.#jobs.get(request.key) ?? this.#create(request.key);
    job.waiting += 1;
    const place = job.running ? undefined : this.#enqueue(job, request);
    if (job.running && request.urgency === 'visible') this.#foreground.acquire(job);
    if (request.onProgress !== undefined) this.#listen(job, request.onProgress);
    if (request.timeline !== undefined) job.timelines.push(request.timeline);
    return request.signal === undefined ? job.settled : this.#leavable(job, place, request.signal);
  }

  /**
   * Keeps a task that is queued or running for the key from being given up, as if somebody more waited for it.
   * @returns what ends that, without effect the second time
   */
  hold(key: string): () => void {
    const job = this.#jobs.get(key);
    if (job === undefined) return () => undefined;
    job.waiting += 1;
    let isHeld = true;
    return () => {
      if (isHeld) this.#leave(job, undefined);
      isHeld = false;
    };
  }

  /**
   * Gives those who ask from now on a task of their own, although one for their key is running: its result is out of date. It goes on
   * for those who have asked already.
   */
  detach(isOutdated: (key: string) => boolean): void {
    for (const [key, job] of this.#jobs) if (job.running && isOutdated(key)) this.#jobs.delete(key);
  }

  /** Aborts everything that runs and refuses everything that waits. Resolves when nothing runs any more. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#running) job.abort?.abort();
    for (const job of this.#queued) {
      this.#dequeue(job);
      this.#settle(job, () => job.reject(closed()));
    }
    await Promise.all(this.#tasks);
  }

  #create(key: string): Job<Result, Progress> {
    const { promise, resolve, reject } = withResolvers<Result>();
    promise.catch(() => undefined); // every requester may have left
    const job: Job<Result, Progress> = {
      key,
      running: false,
      waiting: 0,
      places: new Set(),
      progress: undefined,
      listeners: [],
      timelines: [],
      abort: undefined,
      settled: promise,
      resolve,
      reject,
    };
    this.#jobs.set(key, job);
    this.#queued.add(job);
    return job;
  }

  #enqueue(
    job: Job<Result, Progress>,
    { urgency, origin = '', signal, task }: QueueRequest<Result, Progress>,
  ): Place<Result, Progress> {
    const place = { job, urgency, origin, caller: signal ?? {}, task };
    job.places.add(place);
    this.#places.add(place);
    queueMicrotask(() => this.#fill());
    return place;
  }

  /** Gives up all places of the job. Returns whether it was queued. */
  #dequeue(job: Job<Result, Progress>): boolean {
    for (const place of job.places) this.#places.delete(place);
    job.places.clear();
    return this.#queued.delete(job);
  }

  #fill(): void {
    for (;;) {
      const place = this.#places.take((origin, urgency) => this.#hasRoom(origin, urgency));
      if (place === undefined) return;
      const task = this.#start(place).finally(() => this.#tasks.delete(task));
      this.#tasks.add(task);
    }
  }

  #hasRoom(origin: string, urgency: Urgency): boolean {
    return urgency === 'visible'
      ? this.#visible.hasRoom(origin, this.#options.visible)
      : this.#background.hasRoom(origin, this.#backgroundSlots());
  }

  #backgroundSlots(): number {
    const slots = this.#options.background();
    if (this.#options.isBusy?.() === true) return Math.min(slots, BUSY_SLOTS);
    return this.#foreground.isHeld ? Math.ceil(slots / 2) : slots;
  }

  async #start(taken: Place<Result, Progress>): Promise<void> {
    const { job, urgency, origin } = taken;
    let { task } = taken;
    // What was signed last is good for longest.
    for (const place of job.places) if (place.urgency === urgency && place.origin === origin) task = place.task;
    this.#dequeue(job);
    const lane = urgency === 'visible' ? this.#visible : this.#background;
    const freeSlot = lane.begin(origin, () => this.#fill());
    const abort = new AbortController();
    job.running = true;
    job.abort = abort;
    this.#running.add(job);
    if (lane === this.#visible) this.#foreground.acquire(job);
    const mark: Mark = (step) => job.timelines.forEach((timeline) => timeline.mark(step));
    mark('queue');
    try {
      const result = await task({
        signal: abort.signal,
        report: (progress) => this.#report(job, progress),
        mark,
        freeSlot,
        yieldToForeground: () => this.#foreground.yieldToForeground(job),
      });
      this.#settle(job, () => job.resolve(result));
    } catch (error) {
      this.#settle(job, () => job.reject(error));
    } finally {
      this.#running.delete(job);
      lane.end(origin);
      this.#foreground.release(job);
      freeSlot();
      this.#fill();
    }
  }

  #listen(job: Job<Result, Progress>, onProgress: (progress: Progress) => void): void {
    job.listeners.push(onProgress);
    if (job.progress !== undefined) onProgress(job.progress);
  }

  #report(job: Job<Result, Progress>, progress: Progress): void {
    job.progress = progress;
    for (const listener of job.listeners) listener(progress);
  }

  /** The key is free before anybody hears of the result, so whoever asks again begins afresh. */
  #settle(job: Job<Result, Progress>, tell: () => void): void {
    if (this.#jobs.get(job.key) === job) this.#jobs.delete(job.key);
    tell();
  }

  #leavable(
    job: Job<Result, Progress>,
    place: Place<Result, Progress> | undefined,
    signal: AbortSignal,
  ): Promise<Result> {
    const { promise, resolve, reject } = withResolvers<Result>();
    const leave = () => {
      reject(HAS_LEFT);
      this.#leave(job, place);
    };
    if (signal.aborted) {
      leave();
      return promise;
    }
    const stopListening = this.#leaving.add(signal, leave);
    job.settled.then(resolve, reject).finally(stopListening);
    return promise;
  }

  #leave(job: Job<Result, Progress>, place: Place<Result, Progress> | undefined): void {
    if (place !== undefined && job.places.delete(place)) this.#places.delete(place);
    job.waiting -= 1;
    if (job.waiting > 0) return;
    // From here on the key is free: who asks for it now gets a task that nobody has given up.
    if (this.#jobs.get(job.key) === job) this.#jobs.delete(job.key);
    if (this.#dequeue(job)) job.reject(HAS_LEFT);
    else job.abort?.abort(HAS_LEFT);
  }
}

/** One for all: ten thousand may leave at once, and to make an error takes a while. */
const HAS_LEFT = new ImageCacheError('ABORTED', 'Whoever asked for the image has left.');

function closed(): ImageCacheError {
  return new ImageCacheError('ABORTED', 'The image cache is closed.');
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers<T>() {
  let resolve!: (value: T) => void; // the executor runs before the constructor returns
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}
