import type { TransportJob } from '../transport.ts';
import { toUploadError, UploadError } from '../uploadError.ts';
import { createAcceptedPolls } from './acceptedPolls.ts';
import { isAtServer } from './jobState.ts';
import type { ServerTalk } from './serverTalk.ts';
import type { StoredJob } from './storedJob.ts';
import { untilAborted } from './untilAborted.ts';

/** Asks what has become of pictures that may have been sent already, and of those that a server has accepted. */
export interface ServerChecks {
  /** A picture is being sent: until there is an answer, it may have arrived. */
  doubt(jobId: string): void;
  trust(jobId: string): void;
  /** A server has accepted one more. */
  accepted(): void;
  /** Something may have changed. */
  hurry(): void;
  /** When those that are accepted are asked for again, in milliseconds since the epoch. */
  readonly nextPoll: number;
  /** Those that are to be asked for now. */
  due(isSending: (jobId: string) => boolean): StoredJob[];
  /** @param isClosed whether to stop asking */
  ask(jobs: readonly StoredJob[], isClosed: () => boolean): Promise<void>;
}

/** As many as a server takes in one call. */
const MAX_CHECKED = 100;

export function createServerChecks(talk: ServerTalk): ServerChecks {
  const { jobs, transport, env, verdicts, signal } = talk;
  const polls = createAcceptedPolls();
  /** May have been sent: before this tab's turn, or without an answer. */
  const unsure = new Set(jobs.all().flatMap(({ state, jobId }) => (state === 'prepared' ? [jobId] : [])));

  async function askBatch(batch: readonly TransportJob[]): Promise<void> {
    if (!transport.check) return;
    const answers = await untilAborted(signal, transport.check(batch, { signal })).catch(toUploadError);
    if (signal.aborted) return;
    if (answers instanceof UploadError) {
      if (answers.kind === 'unreachable' || answers.kind === 'blocked') return verdicts.gateFault(answers);
      // Sending it again does no harm.
      for (const { jobId } of batch) unsure.delete(jobId);
      return;
    }
    verdicts.answered();
    for (const [index, { jobId }] of batch.entries()) {
      unsure.delete(jobId);
      const answer = answers[index];
      if (answer) await verdicts.told(jobId, answer);
    }
  }

  return {
    doubt: (jobId) => void unsure.add(jobId),
    trust: (jobId) => void unsure.delete(jobId),
    accepted: () => polls.soon(env.now()),
    hurry: polls.now,
    get nextPoll() {
      return polls.at;
    },
    due(isSending) {
      if (!transport.check) return [];
      const isPollDue = polls.isDue(env.now());
      if (isPollDue) polls.asked(env.now());
      return jobs.all().filter((job) => {
        if (isAtServer(job)) return isPollDue;
        return job.state === 'prepared' && !job.isCopy && unsure.has(job.jobId) && !isSending(job.jobId);
      });
    },
    async ask(asked, isClosed) {
      const all = asked.flatMap((job) => talk.toTransportJob(job) ?? []);
      for (let first = 0; first < all.length && !isClosed() && !signal.aborted; first += MAX_CHECKED) {
        await askBatch(all.slice(first, first + MAX_CHECKED));
      }
    },
  };
}
