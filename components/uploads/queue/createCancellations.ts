import type { TransportJob } from '../transport.ts';
import { toUploadError } from '../uploadError.ts';
import type { ServerTalk } from './serverTalk.ts';
import { untilAborted } from './untilAborted.ts';

/** Tells a server which pictures are not wanted any more, until it knows. */
export interface Cancellations {
  /** When the next is told, in milliseconds since the epoch. */
  readonly at: number;
  hurry(): void;
  /** The next one that is to be told now. */
  next(isSending: (jobId: string) => boolean): TransportJob | undefined;
  tell(job: TransportJob): Promise<void>;
}

/** After an answer that does not say that it is done. */
const AGAIN_MS = 5_000;

export function createCancellations(talk: ServerTalk): Cancellations {
  const { jobs, transport, env, verdicts, signal } = talk;
  let at = 0;
  return {
    get at() {
      return at;
    },
    hurry: () => void (at = 0),
    next(isSending) {
      if (!transport.cancel || at > env.now()) return undefined;
      const job = jobs.all().find(({ isCancelUntold }) => isCancelUntold);
      return job && !isSending(job.jobId) ? talk.toTransportJob(job) : undefined;
    },
    async tell(job) {
      if (!transport.cancel) return;
      const call = untilAborted(signal, transport.cancel(job, { signal }));
      const error = await call.then(() => undefined, toUploadError);
      if (signal.aborted) return;
      if (error?.kind === 'unreachable') return verdicts.gateFault(error);
      // What is refused for good is let go; everything else is told again later.
      if (error && error.kind !== 'permanent') at = env.now() + AGAIN_MS;
      else await jobs.apply(job.jobId, { type: 'cancelTold' });
    },
  };
}
