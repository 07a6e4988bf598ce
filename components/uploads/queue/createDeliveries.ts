import { abortWith } from '../abortWith.ts';
import type { Outbox } from '../outbox/createOutbox.ts';
import { toUploadError, UploadError } from '../uploadError.ts';
import type { ServerChecks } from './createServerChecks.ts';
import { deliver } from './deliver.ts';
import type { Evidence } from './evidence.ts';
import type { ServerTalk } from './serverTalk.ts';
import type { StoredJob } from './storedJob.ts';

/** The pictures that are being sent. */
export interface Deliveries {
  isSending(jobId: string): boolean;
  /** How many connections they take. */
  readonly connections: number;
  readonly count: number;
  /** Their digests. */
  busy(): Set<string>;
  /** Bytes that were sent, by job. */
  loaded(): Map<string, number>;
  /** Breaks off what was canceled or paused meanwhile, in whatever tab. */
  dropWithdrawn(): void;
  /** Resolves when what has become of it is written down. */
  send(job: StoredJob): Promise<void>;
}

interface Delivering {
  readonly abort: AbortController;
  readonly sha256: string | undefined;
  loaded: number;
  /** It was taken, so that the connection is free for the next one. */
  isTaken: boolean;
}

interface DeliveryParts {
  readonly talk: ServerTalk;
  readonly outbox: Outbox;
  readonly evidence: Evidence<UploadError>;
  readonly checks: ServerChecks;
  onProgress(): void;
  /** A connection is free again. */
  onTaken(): void;
}

export function createDeliveries({ talk, outbox, evidence, checks, onProgress, onTaken }: DeliveryParts): Deliveries {
  const { jobs, transport, env, verdicts, signal } = talk;
  const sending = new Map<string, Delivering>();

  async function sendOne(job: StoredJob, entry: Delivering): Promise<void> {
    const { jobId } = job;
    const { signal: ended } = entry.abort;
    const sent = talk.toTransportJob(job);
    if (!sent) return;
    const began = evidence.begin();
    const body = await outbox.bytesOf(job).catch(toUploadError);
    if (ended.aborted) return;
    if (body instanceof UploadError) return verdicts.unreadable(jobId, body);
    const isGone = { type: 'bytesGone', at: env.now(), revision: job.revision } as const;
    // A server that has had the bytes may still have them.
    if (!body && !job.isCopy && !(job.isOnServer && transport.retry)) return void (await jobs.apply(jobId, isGone));
    const delivery = {
      job: sent,
      body,
      isOnServer: job.isOnServer === true,
      isCopy: job.isCopy === true,
      signal: ended,
      onProgress(loaded: number): void {
        entry.loaded = Math.min(loaded, job.size);
        onProgress();
      },
    };
    checks.doubt(jobId);
    const outcome = await deliver(transport, delivery, env).catch(toUploadError);
    const isFault = outcome instanceof UploadError;
    // An answer counts, whatever has happened meanwhile; that it was broken off does not.
    if (isFault && ended.aborted) return;
    if (isFault && outcome.code === 'BYTES_GONE') return void (await jobs.apply(jobId, isGone));
    // Without an answer, it may have arrived.
    if (!isFault || outcome.kind !== 'unreachable') checks.trust(jobId);
    if (isFault) return verdicts.failed(jobId, outcome, began);
    if (outcome.state === 'accepted') checks.accepted();
    entry.isTaken = true;
    onTaken();
    await verdicts.taken(jobId, outcome, began);
  }

  return {
    isSending: (jobId) => sending.has(jobId),
    get connections() {
      return Array.from(sending.values()).filter(({ isTaken }) => !isTaken).length;
    },
    get count() {
      return sending.size;
    },
    busy: () => new Set(Array.from(sending.values()).flatMap(({ sha256 }) => sha256 ?? [])),
    loaded: () => new Map(Array.from(sending, ([jobId, { loaded }]) => [jobId, loaded])),
    dropWithdrawn() {
      for (const [jobId, { abort }] of sending) {
        const state = jobs.get(jobId)?.state;
        if (state === 'canceled' || state === 'paused') abort.abort();
      }
    },
    async send(job) {
      const abort = new AbortController();
      const entry: Delivering = { abort, sha256: job.body?.sha256, loaded: 0, isTaken: false };
      sending.set(job.jobId, entry);
      const release = abortWith(signal, abort);
      try {
        await sendOne(job, entry);
      } finally {
        sending.delete(job.jobId);
        release();
      }
    },
  };
}
