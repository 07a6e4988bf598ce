import type { ManifestEntry, PrefetchRequest, Priority } from '../../plugin/protocol.ts';
import { createOutage } from './createOutage.ts';
import { keepNewest } from './keepNewest.ts';
import { browserNetwork, type Network } from './network.ts';
import { createPrefetchJob, type PendingImage, type PrefetchJob } from './prefetchJob.ts';
import { countActors, MAX_FAILURES, newActorProgress } from './prefetchProgress.ts';
import type {
  ActorProgress,
  ActorResult,
  FailureReason,
  ImageInput,
  PrefetchFailure,
  PrefetchItemResult,
  PrefetchManager,
  PrefetchProgress,
} from './prefetchTypes.ts';
import type { PrefetchCall } from './sendPrefetch.ts';
import { isAway, reasonOf, shouldRetry } from './shouldRetry.ts';
import { createSubscribable } from './subscribable.ts';

/** A manager with the functions that combine the managers of all tabs. */
interface TabPrefetchManager extends PrefetchManager {
  /** Call this when `isLeader` of the settings has become true. */
  handleLeadership(): void;
  subscribeSettled(listener: (actor: SettledActor) => void): () => void;
  /** Takes in the result of an actor from another tab. If the same images are queued here, they are settled, too. */
  settleElsewhere(actor: SettledActor): void;
}

export interface SettledActor {
  result: ActorResult;
  /** The images of the request, without signatures. */
  request: string;
}

export interface PrefetchManagerSettings {
  isEnabled: () => boolean;
  send: (request: PrefetchRequest, call: PrefetchCall) => Promise<void>;
  /** Called when an image is in the cache. */
  onCached?: (key: string, entry: ManifestEntry) => void;
  /** @default that of the browser */
  network?: Network;
  /** Whether this tab may start normal actors. Urgent ones start anyway. @default always */
  isLeader?: () => boolean;
  /** @default setTimeout */
  after?: (ms: number, run: () => void) => void;
  /** @default Math.random */
  random?: () => number;
}

/** Maximum number of images in one request. Their presigned URLs have about 350 kB, well below the server's `bodyLimit`. */
const MAX_IMAGES = 250;
/** Pause between two normal actors. */
const DELAY_MS = 100;
/** Maximum number of images of settled actors whose results are kept. */
const MAX_RESULTS = 10_000;

/** Manages the prefetches of one tab. */
export function createPrefetchManager(settings: PrefetchManagerSettings): TabPrefetchManager {
  const { isEnabled, send, onCached, network = browserNetwork, isLeader = () => true } = settings;
  const { after = (ms, run) => void setTimeout(run, ms), random = Math.random } = settings;
  const actors = new Map<string, ActorProgress>();
  /** The jobs of actors that are not settled, in the order in which they will be fetched. */
  const jobs = new Map<string, PrefetchJob>();
  /** The results of settled actors, from any tab. */
  const results = new Map<string, readonly PrefetchItemResult[]>();
  const changes = createSubscribable<PrefetchProgress>();
  const settled = createSubscribable<SettledActor>();
  let failures: readonly PrefetchFailure[] = [];
  let bytes = { downloaded: 0, cached: 0 };
  /** Number of actors that are being fetched, and of pauses after normal ones. No normal actor starts while it is not zero. */
  let active = 0;
  let isPaused = false;
  let isScheduled = false;
  let snapshot: PrefetchProgress | undefined;
  const outage = createOutage(changed, after, random);

  const mayRun = (): boolean => !isPaused && network.allowed && isEnabled() && !outage.isWaiting;

  function getState(): PrefetchProgress['state'] {
    if (isPaused) return 'paused';
    if (jobs.size === 0) return 'idle';
    if (!network.allowed) return 'offline';
    return outage.reason ? 'waiting' : 'running';
  }

  function getProgress(): PrefetchProgress {
    const state = getState();
    const reason = state === 'waiting' ? outage.reason : undefined;
    snapshot ??= { state, reason, ...countActors([...actors.values()]), bytes, failures };
    return snapshot;
  }

  /**
   * Starts what may run now, and calls the listeners. This happens once per tick, because many results come at once, and because
   * StrictMode runs effects twice, which may start a prefetch.
   */
  function changed(): void {
    snapshot = undefined;
    if (isScheduled) return;
    isScheduled = true;
    queueMicrotask(() => {
      startNext();
      isScheduled = false;
      changes.emit(getProgress());
    });
  }

  function update(job: PrefetchJob, change: Partial<ActorProgress>): void {
    job.progress = { ...job.progress, ...change };
    actors.set(job.progress.id, job.progress);
    changed();
  }

  function enqueue(id: string, images: readonly ImageInput[], priority: Priority, revalidate = false): void {
    // When the network has changed or the page is visible again, another attempt is worth while.
    if (actors.size === 0) network.subscribe(() => jobs.size > 0 && outage.endWait());
    jobs.get(id)?.abort.abort();
    const job = createPrefetchJob(id, images, priority, revalidate);
    toEnd(job);
    failures = failures.filter(({ actor_id }) => actor_id !== id);
    update(job, {});
  }

  function toEnd(job: PrefetchJob): void {
    jobs.delete(job.progress.id);
    jobs.set(job.progress.id, job);
  }

  function startNext(): void {
    while (mayRun()) {
      const queued = Array.from(jobs.values()).filter(({ progress }) => progress.state === 'queued');
      const isNormalDue = active === 0 && isLeader();
      const job = queued.find(({ progress }) => progress.priority === 'high') ?? (isNormalDue ? queued[0] : undefined);
      if (!job) return;
      void run(job);
    }
  }

  /** Sends one request after the other, until all images have a result, nothing may be sent, or the job is aborted. */
  async function run(job: PrefetchJob): Promise<void> {
    const { signal } = job.abort;
    active += 1;
    update(job, { state: 'running' });
    while (job.left.size > 0 && mayRun() && !signal.aborted) await sendSome(job);
    if (!signal.aborted && job.left.size === 0) {
      settle(job, job.progress.failed > 0 ? 'failed' : 'done');
    } else if (!signal.aborted) {
      update(job, { state: 'queued' });
      // The others are tried before it, in case only this one image fails.
      if (outage.reason) toEnd(job);
    }
    const release = (): void => {
      active -= 1;
      startNext();
    };
    if (job.progress.priority === 'normal') after(DELAY_MS, release);
    else release();
  }

  /** Sends one request. While S3 or the server cannot be reached, it has one image, as an attempt. */
  async function sendSome(job: PrefetchJob): Promise<void> {
    const { progress, left, revalidate } = job;
    const { signal } = job.abort;
    const asked = Array.from(left).slice(0, outage.reason ? 1 : MAX_IMAGES);
    const unanswered = new Set(asked);
    let reason: FailureReason | undefined;

    const onResult: PrefetchCall['onResult'] = (index, result) => {
      const pending = asked[index];
      if (signal.aborted || !pending || !unanswered.delete(pending)) return;
      left.delete(pending);
      if (result.status !== 'failed') {
        // A cached image shows that the server can be reached, but says nothing about S3.
        if (result.status === 'downloaded' || outage.reason?.code === 'UNREACHABLE') outage.end();
        const { s3_url, status, entry, stale } = result;
        bytes = { ...bytes, [status]: bytes[status] + entry.size_bytes };
        record(job, { s3_url, status, bytes: entry.size_bytes, ...(stale && { stale }) }, entry.size_bytes);
        onCached?.(pending.key, entry);
        return;
      }
      const { error } = result;
      pending.tries += 1;
      if (shouldRetry(error, pending.tries)) return askAgain(pending, error);
      // S3 has answered.
      if (error.code.startsWith('UPSTREAM_') && !error.transient) outage.end();
      fail(job, result.s3_url, error);
    };

    /** Requests the image again after all others, in case only this one fails. */
    function askAgain(pending: PendingImage, error: FailureReason): void {
      reason = error;
      left.add(pending);
    }

    const images = asked.map(({ image }) => image);
    const { id: actor_id, priority } = progress;
    const request = { actor_id, images, priority, ...(revalidate && { revalidate }) };
    const fault: unknown = await send(request, { signal, onResult }).catch((error: unknown) => error);
    // Requests that failed because the network went away are sent again when it is back.
    if (signal.aborted || (fault !== undefined && !network.allowed)) return;
    for (const pending of unanswered) {
      left.delete(pending);
      if (isAway(fault)) askAgain(pending, reasonOf(fault));
      else fail(job, pending.key, reasonOf(fault));
    }
    if (reason) outage.begin(reason);
  }

  /** @param s3_url without its signature */
  function fail(job: PrefetchJob, s3_url: string, error: FailureReason): void {
    failures = [...failures, { actor_id: job.progress.id, s3_url, ...error }].slice(-MAX_FAILURES);
    record(job, { s3_url, ...error, status: 'failed' });
  }

  function record(job: PrefetchJob, result: PrefetchItemResult, size = 0): void {
    const { completed, [result.status]: count, bytes: sum } = job.progress;
    job.results.push(result);
    update(job, { completed: completed + 1, [result.status]: count + 1, bytes: sum + size });
  }

  function settle(job: PrefetchJob, state: 'done' | 'failed' | 'cancelled'): void {
    const { id } = job.progress;
    jobs.delete(id);
    update(job, { state });
    keepResults(id, job.results);
    settled.emit({ result: { ...job.progress, results: job.results }, request: job.request });
    if (jobs.size === 0) outage.end();
  }

  function keepResults(id: string, newest: readonly PrefetchItemResult[]): void {
    keepNewest(results, id, newest, MAX_RESULTS, ({ length }) => length);
  }

  return {
    startPrefetch(inputs, { revalidate } = {}) {
      if (!isEnabled()) return;
      for (const { id, images } of inputs) {
        const job = jobs.get(id);
        if (job?.progress.state === 'running') continue;
        // An actor that is queued already keeps its priority, and still revalidates.
        enqueue(id, images, job?.progress.priority ?? 'normal', revalidate || job?.revalidate);
      }
    },
    async prefetchActor(id, images, { revalidate } = {}) {
      if (!isEnabled()) return { ...newActorProgress(id, 'high', images.length), state: 'cancelled', results: [] };
      enqueue(id, images, 'high', revalidate);
      // If another call replaces this job, both calls resolve with the result of the new job.
      return new Promise((resolve) => {
        const stop = settled.subscribe(({ result }) => {
          if (result.id !== id) return;
          stop();
          resolve(result);
        });
      });
    },
    pause() {
      isPaused = true;
      changed();
    },
    resume() {
      isPaused = false;
      outage.endWait();
    },
    cancel(id) {
      for (const job of jobs.values()) {
        if (id !== undefined && id !== job.progress.id) continue;
        job.abort.abort();
        settle(job, 'cancelled');
      }
    },
    getProgress,
    getResults(id) {
      const job = jobs.get(id);
      return job ? [...job.results] : (results.get(id) ?? []);
    },
    subscribe: changes.subscribe,
    handleLeadership: changed,
    subscribeSettled: settled.subscribe,
    settleElsewhere({ result: { results: theirs, ...progress }, request }) {
      const job = jobs.get(progress.id);
      // Images that failed in the other tab are tried in this one, whose signatures may be newer.
      if (progress.state === 'done' && job?.progress.state === 'queued' && job.request === request) {
        job.progress = progress;
        job.results = [...theirs];
        settle(job, 'done');
      } else if (!actors.has(progress.id) || !results.get(progress.id)?.length) {
        // The results of this tab's own prefetches take precedence.
        keepResults(progress.id, theirs);
      }
    },
  };
}
