import type { UploadState, UploadStatus } from '../../../../plugin/uploadProtocol.ts';
import { plural } from '../../format/amounts.ts';
import { UploadRow } from './UploadRow.tsx';

const STATES: Record<UploadState, string> = {
  accepted: 'on the disk of the server',
  storing: 'is being sent to the bucket',
  stored: 'in the bucket',
  failed: 'failed, its bytes are kept',
  blocked: 'blocked, its bytes are kept',
  canceled: 'canceled',
  needed: 'the server does not have it',
};

interface ServerUploadsProps {
  jobs: readonly UploadStatus[];
  onRetry(job: UploadStatus): void;
  onDiscard(job: UploadStatus): void;
}

/** Pictures on the disk of the server. */
export function ServerUploads({ jobs, onRetry, onDiscard }: ServerUploadsProps) {
  return (
    <section className="stack">
      <h2>On the server</h2>
      <ul className="uploads">
        {jobs.map((job) => {
          const { job_id, state, filename = job_id, size_bytes, attempts = 0, error, entity } = job;
          const isFault = state === 'failed' || state === 'blocked';
          return (
            <UploadRow
              key={job_id}
              filename={filename}
              state={STATES[state]}
              isFault={isFault}
              size={size_bytes}
              note={[entity && `${entity.type} ${entity.id}`, attempts > 0 && plural(attempts, 'try', 'tries')]}
              error={error && { message: error.detail, hint: error.hint }}
              onRetry={isFault ? () => onRetry(job) : undefined}
              onDiscard={state === 'stored' || state === 'canceled' ? undefined : () => onDiscard(job)}
            />
          );
        })}
      </ul>
    </section>
  );
}
