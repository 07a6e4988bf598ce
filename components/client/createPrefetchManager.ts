import type { Priority } from '../../plugin/protocol.ts';
import { browserNetwork, type Network } from './network.ts';
import { createOutage } from './outage.ts';
import {
  type ActorResult,
  createPrefetchJob,
  type ImageInput,
  type PrefetchJob,
  type PrefetchJobContext,
  type PrefetchOptions,
  runPrefetchJob,
} from './prefetchJob.ts';
import {
  type ActorProgress,
  countActors,
  isSettled,
  newActorProgress,
  type PrefetchFailure,
  type PrefetchProgress,
} from './prefetchProgress.ts';
import { createPrefetchResults, type PrefetchItemResult } from './prefetchResults.ts';
import { createPriorityQueue } from './priorityQueue.ts';
import { createSubscribable } from './subscribable.ts';
import { alwaysMine, type WorkTurn } from './workTurn.ts';

export interface ActorInput {
  id: string;
  images: readonly ImageInput[];
}

/**
 * Fetches actors' images ahead. Normal actors go one at a time with a pause between them; a high one goes at once,
 * and no normal one starts before it is through. Without a server nothing is sent.
 *
 * While S3 or the server is away it waits (state `waiting`), and goes on by itself when an image comes; as long as the page
 * lives, it does not give up. An image that can't be had for another reason (S3 does not have it or refuses it, it is no image)
 * fails at once, and one of which S3 says ten times that it has an error of its own (5xx), or which does not come in time ten
 * times, fails, too.
 */
export interface PrefetchManager {
  /** Queues actors. One that is queued gets the new images, one that runs is left alone, a settled one runs again. */
  startPrefetch(actors: readonly ActorInput[], options?: PrefetchOptions): void;
  /**
   * Fetches one actor ahead of all others, in place of any earlier job of the same actor. While paused, offline, or while S3 is
   * away it waits: `cancel(id)` after a time of your own ends that. Resolves with a result for every image when all are settled (or the job is cancelled); never rejects.
   * @example
   * const { results } = await prefetchManager.prefetchActor(actorId, images);
   * const missing = results.filter(({ status }) => status === 'failed');
   * @example
   * await prefetchManager.prefetchActor(actorId, images, { revalidate: true }); // what has changed in S3 is fetched again
   */
  prefetchActor(id: string, images: readonly ImageInput[], options?: PrefetchOptions): Promise<ActorResult>;
  /** Sends nothing more. The request in flight (at most 250 images) goes on: to abort it would waste it. */
  pause(): void;
  /** Goes on, and tries at once what it waited for. */
  resume(): void;
  /** Aborts one actor, or all that are not settled. */
  cancel(id?: string): void;
  getProgress(): PrefetchProgress;
  /** How each image of an actor ended, as far as they have; of the last 10,000 images of settled actors. */
  getResults(id: string): readonly PrefetchItemResult[];
  subscribe(listener: (progress: PrefetchProgress) => void): () => void;
}

/** The part of the work that was asked for in one tab. */
export interface TabPrefetchManager extends PrefetchManager {
  /** Names the objects of an actor that is not settled or was just settled. */
  fingerprintOf(id: string): string | undefined;
  /** Another tab has fetched what is queued here. */
  settleElsewhere(progress: ActorProgress, results: readonly PrefetchItemResult[]): void;
}

export interface PrefetchManagerSettings {
  isEnabled: () => boolean;
  send: PrefetchJobContext['send'];
  onCached?: PrefetchJobContext['onCached'];
  /** @default the browser's */
  network?: Network;
  /** Whose turn it is to fetch normal actors; a high one does not wait for it. @default always ours */
  turn?: WorkTurn;
  /** Between two normal actors. @default 100 */
  delayMs?: number;
  /** @default setTimeout */
  after?: (ms: number, run: () => void) => void;
  /** @default Math.random */
  random?: () => number;
}

const MAX_FAILURES = 100;

export function createPrefetchManager(settings: PrefetchManagerSettings): TabPrefetchManager {
  const { isEnabled, send, onCached, network = browserNetwork, delayMs = 100 } = settings;
  const { after = (ms, run) => void setTimeout(run, ms), random = Math.random, turn = alwaysMine } = settings;
  const jobs = new Map<string, PrefetchJob>();
  const queue = createPriorityQueue<PrefetchJob>();
  const running = new Set<PrefetchJob>();
  const results = createPrefetchResults();
  const changes = createSubscribable<PrefetchProgress>();
  let failures: readonly PrefetchFailure[] = [];
  let bytes = { downloaded: 0, cached: 0 };
  let isPaused = false;
  let isResting = false;
  let isEmitting = false;
  let snapshot: PrefetchProgress | undefined;
  let unsubscribeNetwork: (() => void) | undefined;
  const outage = createOutage({ onChange: wake, after, random });

  const isBusy = (): boolean => queue.size + running.size > 0;
  const mayRun = (): boolean => !isPaused && network.allowed && isEnabled() && !outage.isWaiting;

  const mayRunNormal = (): boolean => turn.isMine && running.size === 0 && !isResting;

  const context: PrefetchJobContext = {
    send,
    mayRun,
    isOnline: () => network.allowed,
    outage,
    onChange: changed,
    onCached(url, result) {
      bytes = { ...bytes, [result.status]: bytes[result.status] + result.entry.size_bytes };
      onCached?.(url, result);
    },
    onFailure(failure) {
      failures = [...failures, failure].slice(-MAX_FAILURES);
    },
  };

  function getState(): PrefetchProgress['state'] {
    if (isPaused) return 'paused';
    if (!isBusy()) return 'idle';
    if (!network.allowed) return 'offline';
    return outage.reason === undefined ? 'running' : 'waiting';
  }

  function getProgress(): PrefetchProgress {
    const actors = (): ActorProgress[] => Array.from(jobs.values(), ({ progress }) => progress);
    const state = getState();
    const reason = state === 'waiting' ? outage.reason : undefined;
    snapshot ??= { state, reason, ...countActors(actors()), bytes, failures };
    return snapshot;
  }

  /** Results come in bursts: one call of the listeners a tick. */
  function changed(): void {
    snapshot = undefined;
    if (isEmitting) return;
    isEmitting = true;
    queueMicrotask(() => {
      isEmitting = false;
      changes.emit(getProgress());
    });
  }

  /** In a microtask, so that calls of one tick (StrictMode runs effects twice) are taken together. */
  function wake(): void {
    changed();
    queueMicrotask(startNext);
  }

  function startNext(): void {
    if (!isBusy()) {
      unsubscribeNetwork?.();
      unsubscribeNetwork = undefined;
      outage.end();
    }
    // A hidden tab on Save-Data must not keep the visible one from working.
    if (running.size === 0 && (queue.size === 0 || !network.allowed)) turn.giveBack();
    else turn.take(startNext);
    while (mayRun()) {
      const job = queue.shift('high') ?? (mayRunNormal() ? queue.shift('normal') : undefined);
      if (!job) return;
      void run(job);
    }
  }

  async function run(job: PrefetchJob): Promise<void> {
    running.add(job);
    setState(job, 'running');
    await runPrefetchJob(job, context);
    running.delete(job);

    const { priority, failed } = job.progress;
    if (!job.abort.signal.aborted) {
      if (job.left.length > 0) requeue(job);
      else settle(job, failed > 0 ? 'failed' : 'done');
    }
    if (priority === 'normal') rest();
    wake();
  }

  function setState(job: PrefetchJob, state: ActorProgress['state']): void {
    job.progress = { ...job.progress, state };
    changed();
  }

  function requeue(job: PrefetchJob): void {
    setState(job, 'queued');
    // While S3 is away others have a try before it: it may be that one image alone which does not come.
    if (outage.reason === undefined) queue.unshift(job.progress.priority, job);
    else queue.push(job.progress.priority, job);
  }

  /** The network has changed, or somebody looks at the page again: a good time to try. */
  function handleNetwork(): void {
    if (network.allowed) outage.retry();
    wake();
  }

  function settle(job: PrefetchJob, state: 'done' | 'failed' | 'cancelled'): void {
    setState(job, state);
    results.set(job.progress.id, job.results);
    for (const resolve of job.waiting.splice(0)) resolve({ ...job.progress, results: job.results });
  }

  function rest(): void {
    isResting = true;
    after(delayMs, () => {
      isResting = false;
      startNext();
    });
  }

  function enqueue(
    id: string,
    images: readonly ImageInput[],
    { priority, revalidate = false }: PrefetchOptions & { priority: Priority },
  ): PrefetchJob {
    const previous = jobs.get(id);
    // Whoever waits for the actor waits for the job that replaces it.
    const job = createPrefetchJob(id, images, { priority, revalidate }, previous?.waiting.splice(0) ?? []);
    if (previous) withdraw(previous);
    failures = failures.filter(({ actor_id }) => actor_id !== id);
    jobs.set(id, job);
    queue.push(priority, job);
    unsubscribeNetwork ??= network.subscribe(handleNetwork);
    wake();
    return job;
  }

  function withdraw(job: PrefetchJob): void {
    queue.remove(job);
    job.abort.abort();
  }

  function cancelJob(job: PrefetchJob | undefined): void {
    if (!job || isSettled(job.progress)) return;
    withdraw(job);
    settle(job, 'cancelled');
    wake();
  }

  return {
    startPrefetch(actors, { revalidate = false } = {}) {
      if (!isEnabled()) return;
      for (const { id, images } of actors) {
        const previous = jobs.get(id);
        if (previous?.progress.state === 'running') continue;
        // A job that was asked for urgently stays urgent, and one that is to look for changes does.
        const queued = previous?.progress.state === 'queued' ? previous : undefined;
        const priority = queued?.progress.priority ?? 'normal';
        enqueue(id, images, { priority, revalidate: revalidate || queued?.revalidate === true });
      }
    },
    async prefetchActor(id, images, options) {
      if (!isEnabled()) return { ...newActorProgress(id, 'high', images.length), state: 'cancelled', results: [] };
      const job = enqueue(id, images, { ...options, priority: 'high' });
      return new Promise((resolve) => job.waiting.push(resolve));
    },
    pause() {
      isPaused = true;
      changed();
    },
    resume() {
      isPaused = false;
      outage.retry();
      wake();
    },
    cancel(id) {
      if (id !== undefined) cancelJob(jobs.get(id));
      else for (const job of jobs.values()) cancelJob(job);
    },
    getProgress,
    getResults(id) {
      const job = jobs.get(id);
      return job && !isSettled(job.progress) ? [...job.results] : results.get(id);
    },
    fingerprintOf: (id) => jobs.get(id)?.fingerprint,
    settleElsewhere(progress, theirs) {
      const job = jobs.get(progress.id);
      if (job?.progress.state !== 'queued') return;
      withdraw(job);
      job.progress = progress;
      job.results.splice(0, Infinity, ...theirs);
      settle(job, 'done');
      wake();
    },
    subscribe: changes.subscribe,
  };
}
