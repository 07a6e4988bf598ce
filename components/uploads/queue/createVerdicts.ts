import { entityKey } from '../entity.ts';
import type { UploadsEnvironment } from '../environment.ts';
import type { UploadFault } from '../imageUploads.ts';
import type { Accepted, Needed, Refused, Stored, TransportFault } from '../transport.ts';
import type { UploadError } from '../uploadError.ts';
import type { JobStore } from './createJobStore.ts';
import type { Evidence } from './evidence.ts';
import type { GateEvent } from './gate.ts';
import { retryDelay } from './retryTimes.ts';
import type { StoredJob } from './storedJob.ts';

type Answer = Stored | Accepted | Needed | Refused;

/** A picture that cannot be read waits as long as after so many tries. */
const UNREADABLE = 3;

interface VerdictParts {
  readonly jobs: JobStore;
  readonly env: UploadsEnvironment;
  readonly evidence: Evidence<UploadError>;
  readonly retryDelays: readonly number[];
  toGate(event: GateEvent): void;
  onStored(job: StoredJob): void;
}

/** What an answer, or the lack of one, means for a job and for the queue. */
export interface Verdicts {
  /** A picture was sent and taken. @param began when, as the evidence has it */
  taken(jobId: string, answer: Stored | Accepted, began: number): Promise<void>;
  /** What a server says of a job when it is asked. */
  told(jobId: string, answer: Answer): Promise<void>;
  /** A picture was sent, and that has failed. */
  failed(jobId: string, error: UploadError, began: number): Promise<void>;
  /** The browser cannot read it at the moment. Others have their turn. */
  unreadable(jobId: string, error: UploadError): Promise<void>;
  /** A call that was not about one picture has failed. */
  gateFault(error: UploadError): void;
  /** Such a call was answered. */
  answered(): void;
}

export function createVerdicts({ jobs, env, evidence, retryDelays, toGate, onStored }: VerdictParts): Verdicts {
  const dated = ({ code, message, hint }: TransportFault): UploadFault => ({
    code,
    message,
    at: env.now(),
    ...(hint !== undefined && { hint }),
  });

  function gateFault(error: UploadError): void {
    const { kind, retryAfterMs } = error;
    const reason = kind === 'unreachable' || kind === 'blocked' ? kind : 'outage';
    toGate({ type: 'fault', reason, error: dated(error), now: env.now(), random: env.random(), retryAfterMs });
  }

  const waitUntil = (attempts: number, { retryAfterMs }: UploadError): number =>
    env.now() + retryDelay(retryDelays, attempts, env.random(), retryAfterMs);

  async function charge(jobId: string, error: UploadError): Promise<void> {
    const attempts = (jobs.get(jobId)?.attempts ?? 0) + 1;
    const nextAttemptAt = waitUntil(attempts, error);
    const maxAttempts = retryDelays.length + 1;
    await jobs.apply(jobId, { type: 'charged', error: dated(error), nextAttemptAt, maxAttempts });
  }

  async function store(jobId: string, { s3_url }: Stored): Promise<void> {
    const event = { type: 'stored', at: env.now(), s3Url: s3_url } as const;
    const job = await jobs.apply(jobId, event);
    evidence.forget(jobId);
    if (job?.state !== 'stored') return;
    onStored(job);
    // The same picture, picked twice for one entity, is the same object. For another one it is sent: that it is used there is to be known.
    const twins = jobs.all().filter((other) => other.state === 'prepared' && isTwin(other, job));
    for (const twin of twins) await jobs.apply(twin.jobId, event);
  }

  async function told(jobId: string, answer: Answer): Promise<void> {
    switch (answer.state) {
      case 'stored':
        return store(jobId, answer);
      case 'accepted': {
        const { error, nextAttemptAt } = answer;
        await jobs.apply(jobId, { type: 'accepted', nextAttemptAt, ...(error && { error: dated(error) }) });
        return;
      }
      case 'needed':
        return void (await jobs.apply(jobId, { type: 'needed', at: env.now() }));
      case 'failed':
      case 'blocked':
        await jobs.apply(jobId, { type: 'refused', state: answer.state, error: dated(answer.error) });
    }
  }

  function answered(): void {
    evidence.answered();
    toGate({ type: 'answer' });
  }

  return {
    gateFault,
    answered,
    told,
    async unreadable(jobId, error) {
      await jobs.apply(jobId, { type: 'delayed', error: dated(error), nextAttemptAt: waitUntil(UNREADABLE, error) });
    },
    async taken(jobId, answer, began) {
      await told(jobId, answer);
      toGate({ type: 'success' });
      for (const [other, error] of evidence.succeeded(jobId, began)) await charge(other, error);
    },
    async failed(jobId, error, began) {
      if (error.kind === 'permanent') {
        answered();
        return void (await jobs.apply(jobId, { type: 'refused', state: 'failed', error: dated(error) }));
      }
      const isSilent = error.kind === 'unreachable';
      const isOwn = isSilent ? evidence.unanswered(jobId, began) : evidence.refused(jobId, began);
      if (isOwn && error.kind === 'blocked') {
        return void (await jobs.apply(jobId, { type: 'refused', state: 'blocked', error: dated(error) }));
      }
      if (isOwn) return charge(jobId, error);
      // Others have their turn meanwhile; the job itself is not charged.
      gateFault(error);
      if (error.kind === 'transient') evidence.suspect(jobId, error);
      const attempts = jobs.get(jobId)?.attempts ?? 0;
      const wait = !isSilent && attempts > 0 ? { nextAttemptAt: waitUntil(attempts, error) } : {};
      await jobs.apply(jobId, { type: 'delayed', error: dated(error), ...wait });
    },
  };
}

function isTwin(one: StoredJob, other: StoredJob): boolean {
  const name = ({ entity }: StoredJob): string => (entity ? entityKey(entity) : '');
  return one.body?.sha256 === other.body?.sha256 && name(one) === name(other);
}
