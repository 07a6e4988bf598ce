import type { UploadsEnvironment } from '../environment.ts';
import type { Outbox } from '../outbox/createOutbox.ts';
import type { TransportJob, UploadTransport } from '../transport.ts';
import { toUploadError, UploadError } from '../uploadError.ts';
import { candidates, nextDue } from './candidates.ts';
import type { JobStore } from './createJobStore.ts';
import { createCancellations } from './createCancellations.ts';
import { createPageTurn } from './createPageTurn.ts';
import { createServerChecks } from './createServerChecks.ts';
import { createVerdicts } from './createVerdicts.ts';
import { deliver } from './deliver.ts';
import { createEvidence } from './evidence.ts';
import { type Gate, type GateEvent, OPEN, reduceGate } from './gate.ts';
import { isAtServer } from './jobState.ts';
import { type LiveState, liveState } from './liveState.ts';
import { pause } from './pause.ts';
import { isDue } from './retryTimes.ts';
import type { ServerTalk } from './serverTalk.ts';
import type { StoredJob } from './storedJob.ts';
import { untilAborted } from './untilAborted.ts';

export interface SenderParts {
  readonly jobs: JobStore;
  readonly outbox: Outbox;
  readonly transport: UploadTransport;
  readonly env: UploadsEnvironment;
  /** Pictures at a time. */
  readonly concurrency: number;
  readonly retryDelays: readonly number[];
  toTransportJob(job: StoredJob): TransportJob | undefined;
  /** Prepares one that was left over, unless another tab is at it. */
  prepare(job: StoredJob): Promise<void>;
  onLive(live: LiveState): void;
  /** The bucket has a picture now. */
  onStored(job: StoredJob): void;
}

export interface Sender {
  /** Looks for something to do. */
  wake(): void;
  /** `nudge`: what waits because nothing answered is tried now; `insist`: whatever waits. */
  hurry(type: 'nudge' | 'insist'): void;
  /** Starts nothing more. Resolves when what is under way has ended. */
  retire(): Promise<void>;
  /** Breaks off what is under way. */
  stop(): Promise<void>;
  readonly live: LiveState;
}

/** A picture that is being sent, until what has become of it is written down. */
interface Sending {
  readonly abort: AbortController;
  readonly sha256: string | undefined;
  loaded: number;
  /** It was taken, so that the connection is free for the next one. */
  isTaken: boolean;
}

/** The longest sleep: clocks are set, and timers of tabs in the background come late. */
const MAX_SLEEP_MS = 60_000;
/** Pictures that another tab prepares are looked at again after so long. */
const STAGED_LOOK_MS = 15_000;
/** After a fault of the browser's storage. */
const TROUBLE_MS = 5_000;

/**
 * Sends what is in the outbox, oldest first. One tab does it at a time. It only starts things and waits for them: `jobState.ts` says what
 * becomes of a job, `gate.ts` whether anything is sent, `evidence.ts` whose fault a fault is.
 */
export function createSender(parts: SenderParts): Sender {
  const { jobs, outbox, transport, env, concurrency, retryDelays } = parts;
  const longestDelay = Math.max(0, ...retryDelays) * 1.5;
  const evidence = createEvidence<UploadError>();
  const pageTurn = createPageTurn(env);
  const stopped = new AbortController();
  const { signal } = stopped;
  const sending = new Map<string, Sending>();
  /** Staged pictures at which other tabs were found. */
  const skipped = new Set<string>();
  /** Of each of these there is one at a time. */
  const running = new Set<'prepare' | 'check' | 'probe' | 'cancel'>();
  const underWay = new Set<Promise<void>>();
  let gate: Gate = OPEN;
  let isRetired = false;
  let isPassPlanned = false;
  let cancelTimer = (): void => {};

  const toGate = (event: GateEvent): void => void (gate = reduceGate(gate, event));
  const verdicts = createVerdicts({ jobs, env, evidence, retryDelays, toGate, onStored: parts.onStored });
  const { toTransportJob } = parts;
  const talking: ServerTalk = { jobs, transport, env, verdicts, signal, toTransportJob };
  const checks = createServerChecks(talking);
  const cancellations = createCancellations(talking);
  const isSending = (jobId: string): boolean => sending.has(jobId);
  const unsubscribe = jobs.subscribe(wake);

  function live(): LiveState {
    return liveState(gate, env.isOnline(), new Map(Array.from(sending, ([jobId, { loaded }]) => [jobId, loaded])));
  }

  function wake(): void {
    if (isPassPlanned) return;
    isPassPlanned = true;
    queueMicrotask(() => {
      isPassPlanned = false;
      pass();
    });
  }

  /** One look at everything: starts what can be started, and sets the time of the next look. */
  function pass(): void {
    cancelTimer();
    dropWithdrawn();
    if (isRetired) return;
    prepareNext();
    if (env.isOnline()) {
      if (isAllDone()) toGate({ type: 'success' });
      toGate({ type: 'tick', now: env.now() });
      if (gate.state !== 'closed') talk();
    }
    parts.onLive(live());
    sleep();
  }

  function isAllDone(): boolean {
    return jobs.all().every((job) => !isOpen(job) && !(job.isCancelUntold && transport.cancel));
  }

  /** Breaks off what was canceled or paused meanwhile, in whatever tab. */
  function dropWithdrawn(): void {
    for (const [jobId, { abort }] of sending) {
      const state = jobs.get(jobId)?.state;
      if (state === 'canceled' || state === 'paused') abort.abort();
    }
  }

  /** Everything that talks to the other side; in a trial one call at a time. */
  function talk(): void {
    if (gate.state === 'trial') {
      if (sending.size > 0 || running.has('probe') || running.has('check') || running.has('cancel')) return;
      if (gate.reason === 'unreachable' && transport.probe) return probe();
    }
    if (tellCancellation() && gate.state === 'trial') return;
    if (!check()) sendNext();
  }

  function start(work: () => Promise<void>): void {
    // Faults of the browser's storage end here: nothing is lost, and the next look tries again.
    const promise = work()
      .catch(() => pause(env, TROUBLE_MS, signal))
      .finally(() => {
        underWay.delete(promise);
        wake();
      });
    underWay.add(promise);
  }

  function startOne(name: 'prepare' | 'check' | 'probe' | 'cancel', work: () => Promise<void>): void {
    running.add(name);
    start(() => work().finally(() => running.delete(name)));
  }

  function prepareNext(): void {
    if (running.has('prepare')) return;
    const now = env.now();
    const isNext = ({ state, jobId, nextAttemptAt }: StoredJob): boolean =>
      state === 'staged' && !skipped.has(jobId) && isDue(nextAttemptAt, now, longestDelay);
    const job = jobs.all().find(isNext);
    // When all were looked at, the round begins anew with the next look.
    if (!job) return skipped.clear();
    skipped.add(job.jobId);
    startOne('prepare', () => parts.prepare(job));
  }

  function probe(): void {
    startOne('probe', async () => {
      const call = transport.probe?.({ signal }) ?? Promise.resolve();
      const error = await untilAborted(signal, call).then(() => undefined, toUploadError);
      if (signal.aborted) return;
      if (error) verdicts.gateFault(asUnreachable(error));
      else verdicts.answered();
    });
  }

  /** @returns whether it is being told */
  function tellCancellation(): boolean {
    if (running.has('cancel')) return true;
    const job = cancellations.next(isSending);
    if (job) startOne('cancel', () => cancellations.tell(job));
    return job !== undefined;
  }

  /** @returns whether sending waits for an answer */
  function check(): boolean {
    if (running.has('check')) return true;
    const due = checks.due(isSending);
    if (due.length > 0) startOne('check', () => checks.ask(due, () => gate.state === 'closed'));
    return due.length > 0;
  }

  function sendNext(): void {
    const connections = Array.from(sending.values()).filter(({ isTaken }) => !isTaken).length;
    const places = (gate.state === 'open' ? concurrency : 1) - connections;
    if (places <= 0) return;
    const busy = new Set(Array.from(sending.values()).flatMap(({ sha256 }) => sha256 ?? []));
    const rules = { now: env.now(), longest: longestDelay, busy, lastFault: evidence.lastFault };
    const due = candidates(jobs.all(), rules).filter(({ jobId }) => !isSending(jobId));
    if (due.length === 0 || !pageTurn.isOurs()) return;
    for (const job of due.slice(0, places)) start(() => send(job));
  }

  async function send(job: StoredJob): Promise<void> {
    const { jobId } = job;
    const sent = toTransportJob(job);
    if (!sent) return;
    const abort = new AbortController();
    const began = evidence.begin();
    const entry: Sending = { abort, sha256: job.body?.sha256, loaded: 0, isTaken: false };
    sending.set(jobId, entry);
    const end = (): void => abort.abort();
    signal.addEventListener('abort', end);
    const onProgress = (loaded: number): void => {
      entry.loaded = Math.min(loaded, job.size);
      parts.onLive(live());
    };
    try {
      const body = await outbox.bytesOf(job).catch(toUploadError);
      if (abort.signal.aborted) return;
      if (body instanceof UploadError) return await verdicts.unreadable(jobId, body);
      if (!body) return void (await jobs.apply(jobId, { type: 'bytesGone', at: env.now(), revision: job.revision }));
      const delivery = { job: sent, body, isOnServer: job.isOnServer === true, signal: abort.signal, onProgress };
      checks.doubt(jobId);
      const outcome = await deliver(transport, delivery, env).catch(toUploadError);
      const isFault = outcome instanceof UploadError;
      // An answer counts, whatever has happened meanwhile; that it was broken off does not.
      if (isFault && abort.signal.aborted) return;
      // Without an answer, it may have arrived.
      if (!isFault || outcome.kind !== 'unreachable') checks.trust(jobId);
      if (isFault) return await verdicts.failed(jobId, outcome, began);
      if (outcome.state === 'accepted') checks.accepted();
      entry.isTaken = true;
      wake();
      await verdicts.taken(jobId, outcome, began);
    } finally {
      sending.delete(jobId);
      signal.removeEventListener('abort', end);
    }
  }

  /** Until the next look, if there is something left that time brings. */
  function sleep(): void {
    if (isAllDone()) return;
    const now = env.now();
    const open = jobs.all().filter(isOpen);
    const times = [now + MAX_SLEEP_MS, cancellations.at];
    if (open.some(({ state }) => state === 'staged')) times.push(now + STAGED_LOOK_MS);
    if (gate.state === 'closed') times.push(gate.until);
    else times.push(pageTurn.nextLook(), checks.nextPoll, nextDue(open) ?? 0);
    // What is due already waits for something else than time.
    cancelTimer = env.after(Math.min(...times.filter((at) => at > now)) - now, wake);
  }

  async function retire(): Promise<void> {
    isRetired = true;
    unsubscribeServer();
    cancelTimer();
    while (underWay.size > 0) await Promise.allSettled(underWay);
    unsubscribe();
  }

  const unsubscribeServer =
    transport.subscribe?.(() => {
      checks.hurry();
      wake();
    }) ?? ((): void => {});

  return {
    wake,
    hurry(type) {
      toGate({ type, now: env.now() });
      checks.hurry();
      cancellations.hurry();
      wake();
    },
    retire,
    async stop() {
      stopped.abort();
      await retire();
    },
    get live() {
      return live();
    },
  };
}

/** Whatever a probe was answered: as long as it fails, nothing is to be sent. */
function asUnreachable({ code, message, hint, retryAfterMs }: UploadError): UploadError {
  return new UploadError({ code, message, hint, retryAfterMs, kind: 'unreachable' });
}

/** There is something to be done for it. */
function isOpen(job: StoredJob): boolean {
  return job.state === 'staged' || job.state === 'prepared' || isAtServer(job);
}
