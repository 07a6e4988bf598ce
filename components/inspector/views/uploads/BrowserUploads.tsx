import type { ObservedUpload } from '../../../uploads/observeOutboxes.ts';
import { UploadRow } from './UploadRow.tsx';
import { UploadThumb } from './UploadThumb.tsx';

const STATES: Record<ObservedUpload['state'], string> = {
  staged: 'saved, being prepared',
  prepared: 'saved, waits to be sent',
  accepted: 'on the server',
  stored: 'in the bucket',
  failed: 'failed',
  blocked: 'blocked',
  paused: 'paused',
  canceled: 'canceled',
  missing: 'lost: the browser has thrown its bytes away',
};

interface BrowserUploadsProps {
  uploads: readonly ObservedUpload[];
  bytesOf(upload: ObservedUpload): Promise<Blob | undefined>;
  onRetry(upload: ObservedUpload): void;
  onExport(upload: ObservedUpload): void;
  onDiscard(upload: ObservedUpload): void;
}

/** Pictures that this browser keeps. */
export function BrowserUploads({ uploads, bytesOf, onRetry, onExport, onDiscard }: BrowserUploadsProps) {
  return (
    <section className="stack">
      <h2>In this browser</h2>
      <ul className="uploads">
        {uploads.map((upload) => {
          const { jobId, state, filename, size, entity, error, hasBytes, attempts } = upload;
          const isOver = state === 'stored' || state === 'canceled';
          return (
            <UploadRow
              key={jobId}
              filename={filename}
              state={STATES[state]}
              isFault={state === 'failed' || state === 'blocked' || state === 'missing'}
              size={size}
              note={[entity && `${entity.type} ${entity.id}`, attempts > 0 && `${attempts} tries`]}
              error={error}
              thumb={hasBytes && <UploadThumb key={jobId} bytesOf={() => bytesOf(upload)} />}
              onRetry={state === 'failed' || state === 'blocked' ? () => onRetry(upload) : undefined}
              onExport={hasBytes ? () => onExport(upload) : undefined}
              onDiscard={isOver ? undefined : () => onDiscard(upload)}
            />
          );
        })}
      </ul>
    </section>
  );
}
