import { ImageCacheError } from '../../errors.ts';
import type { Urgency } from '../../protocol.ts';
import type { Mark, Timeline } from '../../timeline.ts';
import { withResolvers } from '../../withResolvers.ts';
import { AbortListeners } from './abortListeners.ts';
import { Lane } from './lane.ts';
import { mostUrgent, PriorityQueue } from './priorityQueue.ts';
import type { QueueLook, WaitReason } from './queueLook.ts';
import { ForegroundPriority } from './foregroundPriority.ts';

export interface QueueRequest<Result, Progress> {
  /** Requests with the same key share one task. */
  key: string;
  urgency: Urgency;
  /**
   * Identifies the server that the task requests. If one hangs, tasks for other servers keep their slots. @default one that all
   * such tasks share
   */
  origin?: string | undefined;
  /**
   * Aborted when the requester has left. Requests with the same signal belong to one caller, and callers take turns. A request
   * without a signal is a caller of its own.
   */
  signal?: AbortSignal | undefined;
  /** Called with what the task reports. A requester that joins later gets the latest report at once. */
  onProgress?: ((progress: Progress) => void) | undefined;
  /** The requester's timeline: gets the time in the queue, and the marks of the task from the moment the requester joined. */
  timeline?: Timeline | undefined;
  task: Task<Result, Progress>;
}

/** Passed to each task. */
export interface TaskContext<Progress> {
  /** Aborted when every requester has left. */
  signal: AbortSignal;
  report: (progress: Progress) => void;
  /** Notes in the timelines of all requesters that a step has finished. */
  mark: Mark;
  /** Releases the slot before the task has finished, so that the next task may start. */
  freeSlot: () => void;
  /** Await this before each piece of work: it delays a background task while a task for the screen is running. */
  yieldToForeground: () => Promise<void> | undefined;
}

type Task<Result, Progress> = (context: TaskContext<Progress>) => Promise<Result>;

export interface TaskQueueOptions {
  /** Concurrent tasks for images on screen, for each origin; twice as many for all origins together (see {@link Lane}). */
  visible: number;
  /** Concurrent background tasks, likewise; called again for each task. */
  background: () => number;
  /** Upper bound of `background`. */
  maxBackground: number;
  /** True if background tasks are to yield although no task for the screen is running. @default never */
  isBusy?: () => boolean;
}

/** Numbers of tasks. */
export type TaskCounts = Record<'running' | 'waiting', Record<Urgency, number>>;

/** Background tasks that may start while foreground tasks run; they also yield. */
const BUSY_SLOTS = 4;

interface Job<Result, Progress> {
  key: string;
  queuedAt: number;
  /** Set when the task runs. */
  started: { at: number; urgency: Urgency; origin: string } | undefined;
  running: boolean;
  /** Requesters that are still waiting. */
  waiting: number;
  /** Places of its requesters in the queue, the latest last; empty once the task runs. */
  places: Set<Place<Result, Progress>>;
  /** The latest report of the task. */
  progress: Progress | undefined;
  listeners: ((progress: Progress) => void)[];
  timelines: Timeline[];
  /** Created when the task starts, because ten thousand waiting tasks would each hold one. */
  abort: AbortController | undefined;
  settled: Promise<Result>;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

/** A place in the queue: one requester's place for one job. It is removed when the requester leaves. */
interface Place<Result, Progress> {
  job: Job<Result, Progress>;
  urgency: Urgency;
  origin: string;
  caller: object;
  task: Task<Result, Progress>;
}

/**
 * Runs one task per key at a time; requesters of the same key share it. Each requester has a place in the queue, and the first
 * place whose turn comes starts the task for all. The task is aborted only when all requesters have left (as in Nuke's task
 * coalescing). Images on screen have slots of their own, so that a prefetch never delays them, however long it is. While they are
 * loading, only half as many background tasks start, and running ones yield. Origins take turns, and none can take all slots.
 * Within an origin, callers take turns.
 */
export class TaskQueue<Result, Progress = never> {
  readonly #options: TaskQueueOptions;
  readonly #jobs = new Map<string, Job<Result, Progress>>();
  readonly #places = new PriorityQueue<Place<Result, Progress>>();
  readonly #queued = new Set<Job<Result, Progress>>();
  /** Running jobs, including those that can no longer be joined. */
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

  /** True while tasks for the screen run, and for a moment afterwards. */
  get isForegroundBusy(): boolean {
    return this.#foreground.isHeld;
  }

  /** Counts the tasks. One that several requesters wait for has the urgency of the most urgent one. */
  count(): TaskCounts {
    const counts = { running: { visible: 0, high: 0, normal: 0 }, waiting: { visible: 0, high: 0, normal: 0 } };
    for (const { started } of this.#running) counts.running[started?.urgency ?? 'normal'] += 1;
    for (const { places } of this.#queued) counts.waiting[mostUrgent(places)] += 1;
    return counts;
  }

  /** The tasks, at most this many of each kind. Changes nothing. */
  look(most: number): QueueLook {
    return {
      running: [...this.#running].slice(0, most).flatMap(({ key, waiting: waiters, queuedAt, started }) => {
        if (started === undefined) return [];
        const { at: startedAt, urgency, origin } = started;
        return { key, urgency, origin, waiters, queuedAt, startedAt };
      }),
      waiting: this.#waiting(most),
      runningCount: this.#running.size,
      waitingCount: this.#queued.size,
    };
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
   * Keeps a queued or running task for the key alive, as one more requester would.
   * @returns a function that ends this; calling it again has no effect
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
   * Makes later requests start a new task, although one for their key is running, because its result is out of date. The running
   * task continues for its present requesters.
   */
  detach(isOutdated: (key: string) => boolean): void {
    for (const [key, job] of this.#jobs) if (job.running && isOutdated(key)) this.#jobs.delete(key);
  }

  /** Aborts all running tasks and refuses all waiting ones. Resolves when no task is running. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const job of this.#running) job.abort?.abort();
    for (const job of this.#queued) {
      this.#dequeue(job);
      this.#settle(job, () => job.reject(closed()));
    }
    await Promise.all(this.#tasks);
  }

  #waiting(most: number): QueueLook['waiting'] {
    const seen = new Set<Job<Result, Progress>>();
    const places: Record<Urgency, number> = { visible: 0, high: 0, normal: 0 };
    const waiting: QueueLook['waiting'] = [];
    for (const { job, urgency, origin } of this.#places.inOrder()) {
      if (waiting.length === most) break;
      if (seen.has(job)) continue; // a job has the place of its most urgent requester
      seen.add(job);
      places[urgency] += 1;
      const { key, waiting: waiters, queuedAt } = job;
      const waitsFor = this.#whyWaiting(origin, urgency);
      waiting.push({ key, urgency, origin, waiters, queuedAt, place: places[urgency], waitsFor });
    }
    return waiting;
  }

  #whyWaiting(origin: string, urgency: Urgency): WaitReason {
    if (urgency === 'visible' || !this.#background.hasRoom(origin, this.#options.background())) return 'slot';
    if (this.#options.isBusy?.() === true) return 'busy';
    return this.#foreground.isHeld ? 'visible_first' : 'slot';
  }

  #create(key: string): Job<Result, Progress> {
    const { promise, resolve, reject } = withResolvers<Result>();
    promise.catch(() => undefined); // every requester may have left
    const job: Job<Result, Progress> = {
      key,
      queuedAt: Date.now(),
      started: undefined,
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

  /** Removes all places of the job. Returns whether it was queued. */
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
    // The URL that was signed last is valid for longest.
    for (const place of job.places) if (place.urgency === urgency && place.origin === origin) task = place.task;
    this.#dequeue(job);
    const lane = urgency === 'visible' ? this.#visible : this.#background;
    const freeSlot = lane.begin(origin, () => this.#fill());
    const abort = new AbortController();
    job.running = true;
    job.started = { at: Date.now(), urgency, origin };
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

  /** Frees the key before the requesters get the result, so that a later request starts a new task. */
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
    // From here on the key is free: a new request gets a task that was not aborted.
    if (this.#jobs.get(job.key) === job) this.#jobs.delete(job.key);
    if (this.#dequeue(job)) job.reject(HAS_LEFT);
    else job.abort?.abort(HAS_LEFT);
  }
}

/** Shared by all requesters: ten thousand may leave at once, and creating an error takes time. */
const HAS_LEFT = new ImageCacheError('ABORTED', 'The request for the image was aborted.');

function closed(): ImageCacheError {
  return new ImageCacheError('ABORTED', 'The image cache is closed.');
}
