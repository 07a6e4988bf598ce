import { toUploadError, UploadError } from '../uploadError.ts';
import { candidates, nextDue } from './candidates.ts';
import { createCancellations } from './createCancellations.ts';
import { createDeliveries } from './createDeliveries.ts';
import { createLinks } from './createLinks.ts';
import { createPageTurn } from './createPageTurn.ts';
import { createRemovals } from './createRemovals.ts';
import { createServerChecks } from './createServerChecks.ts';
import { createTasks } from './createTasks.ts';
import { createVerdicts } from './createVerdicts.ts';
import { createEvidence } from './evidence.ts';
import { type Gate, type GateEvent, OPEN, reduceGate } from './gate.ts';
import { isAtServer } from './jobState.ts';
import { type LiveState, liveState } from './liveState.ts';
import { isDue } from './retryTimes.ts';
import type { Sender, SenderParts } from './sender.ts';
import type { ServerTalk } from './serverTalk.ts';
import type { StoredJob } from './storedJob.ts';
import { untilAborted } from './untilAborted.ts';

/** What talks to the other side, and is no picture. */
const CALLS = ['probe', 'check', 'cancel', 'remove'] as const;
/** The longest sleep: clocks are set, and timers of tabs in the background come late. */
const MAX_SLEEP_MS = 60_000;
/** Pictures that another tab prepares are looked at again after so long. */
const STAGED_LOOK_MS = 15_000;
/**
 * Sends what is in the outbox, oldest first. One tab does it at a time. It only starts things and waits for them: `jobState.ts` says what
 * becomes of a job, `gate.ts` whether anything is sent, `evidence.ts` whose fault a fault is.
 */
export function createSender(parts: SenderParts): Sender {
  const { jobs, transport, env, concurrency, retryDelays } = parts;
  const longestDelay = Math.max(0, ...retryDelays) * 1.5;
  const evidence = createEvidence<UploadError>();
  const pageTurn = createPageTurn(env);
  const stopped = new AbortController();
  const { signal } = stopped;
  /** Staged pictures at which other tabs were found. */
  const skipped = new Set<string>();
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
  const deliveries = createDeliveries({
    talk: talking,
    outbox: parts.outbox,
    evidence,
    checks,
    onProgress: () => parts.onLive(live()),
    onTaken: wake,
  });
  const { isSending } = deliveries;
  const tasks = createTasks<'prepare' | 'link' | 'check' | 'probe' | 'cancel' | 'remove'>(env, signal, wake);
  const removals = createRemovals({ ...parts, talk: talking, isSending });
  const links = createLinks(parts.link, { jobs, env, retryDelays, signal });
  const unsubscribe = jobs.subscribe(wake);

  function live(): LiveState {
    return liveState(gate, env.isOnline(), deliveries.loaded());
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
    deliveries.dropWithdrawn();
    links.dropWithdrawn();
    if (isRetired) return;
    prepareNext();
    linkNext();
    if (env.isOnline()) {
      if (isAllSent()) toGate({ type: 'success' });
      toGate({ type: 'tick', now: env.now() });
      if (gate.state !== 'closed') talk();
    }
    parts.onLive(live());
    sleep();
  }

  function isAllSent(): boolean {
    return !removals.isOpen && jobs.all().every((job) => !isOpen(job) && !(job.isCancelUntold && transport.cancel));
  }

  /** Everything that talks to the other side; in a trial one call at a time. */
  function talk(): void {
    if (gate.state === 'trial') {
      if (deliveries.count > 0 || CALLS.some(tasks.isRunning)) return;
      if (gate.reason === 'unreachable' && transport.probe) return probe();
    }
    // Removals first: they say of canceled uploads, too.
    if ((tellRemovals() || tellCancellation()) && gate.state === 'trial') return;
    if (!check()) sendNext();
  }

  function prepareNext(): void {
    if (tasks.isRunning('prepare')) return;
    const now = env.now();
    const isNext = ({ state, jobId, nextAttemptAt }: StoredJob): boolean =>
      state === 'staged' && !skipped.has(jobId) && isDue(nextAttemptAt, now, longestDelay);
    const job = jobs.all().find(isNext);
    // When all were looked at, the round begins anew with the next look.
    if (!job) return skipped.clear();
    skipped.add(job.jobId);
    tasks.startOne('prepare', () => parts.prepare(job));
  }

  /** The app may have what it writes to on this device, so that it is told offline, too. */
  function linkNext(): void {
    const job = tasks.isRunning('link') ? undefined : links.next();
    if (job) tasks.startOne('link', () => links.tell(job));
  }

  function probe(): void {
    tasks.startOne('probe', async () => {
      const call = transport.probe?.({ signal }) ?? Promise.resolve();
      const error = await untilAborted(signal, call).then(() => undefined, toUploadError);
      if (signal.aborted) return;
      if (error) verdicts.gateFault(asUnreachable(error));
      else verdicts.answered();
    });
  }

  /** @returns whether they are being told */
  function tellRemovals(): boolean {
    if (!tasks.isRunning('remove') && removals.isDue()) tasks.startOne('remove', () => removals.tell());
    return tasks.isRunning('remove');
  }

  /** @returns whether it is being told */
  function tellCancellation(): boolean {
    if (tasks.isRunning('cancel')) return true;
    const job = cancellations.next(isSending);
    if (job) tasks.startOne('cancel', () => cancellations.tell(job));
    return job !== undefined;
  }

  /** @returns whether sending waits for an answer */
  function check(): boolean {
    if (tasks.isRunning('check')) return true;
    const due = checks.due(isSending);
    if (due.length > 0) tasks.startOne('check', () => checks.ask(due, () => gate.state === 'closed'));
    return due.length > 0;
  }

  function sendNext(): void {
    const places = (gate.state === 'open' ? concurrency : 1) - deliveries.connections;
    if (places <= 0) return;
    const rules = { now: env.now(), longest: longestDelay, busy: deliveries.busy(), lastFault: evidence.lastFault };
    const due = candidates(jobs.all(), rules).filter((job) => !isSending(job.jobId) && !removals.isTelling(job));
    if (due.length === 0 || !pageTurn.isOurs()) return;
    for (const job of due.slice(0, places)) tasks.start(() => deliveries.send(job));
  }

  /** Until the next look, if there is something left that time brings. */
  function sleep(): void {
    const linkAt = links.nextAt();
    if (isAllSent() && linkAt === undefined) return;
    const now = env.now();
    const open = jobs.all().filter(isOpen);
    const times = [now + MAX_SLEEP_MS, cancellations.at, removals.at, linkAt ?? 0];
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
    await tasks.ended();
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
      if (type === 'removal') removals.noticed();
      else {
        toGate({ type, now: env.now() });
        for (const each of [checks, cancellations, removals]) each.hurry();
      }
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
