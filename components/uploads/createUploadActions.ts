import type { Upload } from './imageUploads.ts';
import type { Outbox } from './outbox/createOutbox.ts';
import type { JobStore } from './queue/createJobStore.ts';
import type { JobEvent } from './queue/jobState.ts';
import { saveToDisk } from './saveToDisk.ts';
import type { UploadActions } from './toUpload.ts';
import { UploadError } from './uploadError.ts';

interface ActionParts {
  readonly jobs: JobStore;
  readonly outbox: Outbox;
  /** The user wants a try now. */
  insist(): void;
  /** A removal may hold again. */
  onCanceled(): void;
  get(jobId: string): Upload | undefined;
  subscribe(listener: () => void): () => void;
}

/** What a user may do with an upload, from any tab. */
export function createUploadActions({
  jobs,
  outbox,
  insist,
  onCanceled,
  get,
  subscribe,
}: ActionParts): (jobId: string) => UploadActions {
  async function storedOf(jobId: string): Promise<Upload> {
    return new Promise((resolve, reject) => {
      let unsubscribe = (): void => {};
      function look(): void {
        const upload = get(jobId);
        if (upload && !isSettled(upload)) return;
        unsubscribe();
        if (upload?.status === 'uploaded') resolve(upload);
        else reject(endOf(upload));
      }
      unsubscribe = subscribe(look);
      look();
    });
  }

  return (jobId) => {
    const apply = async (event: JobEvent): Promise<void> => void (await jobs.apply(jobId, event));
    return {
      get stored() {
        const promise = storedOf(jobId);
        // That nobody waits for it is no fault.
        promise.catch(() => {});
        return promise;
      },
      async retry() {
        await apply({ type: 'retry' });
        insist();
      },
      async cancel() {
        const job = await jobs.apply(jobId, { type: 'cancel' });
        onCanceled();
        return { canceled: job?.state === 'canceled' };
      },
      pause: () => apply({ type: 'pause' }),
      resume: () => apply({ type: 'resume' }),
      sendAnyway: () => apply({ type: 'sendAnyway' }),
      async saveToDisk() {
        const job = jobs.get(jobId);
        const bytes = job && (await outbox.bytesOf(job));
        if (!bytes) throw endOf(get(jobId), 'The browser does not have the bytes of this picture.');
        saveToDisk(bytes, job.filename);
      },
    };
  };
}

function isSettled({ status }: Upload): boolean {
  return status === 'uploaded' || status === 'failed' || status === 'canceled' || status === 'missing';
}

function endOf(upload: Upload | undefined, message = 'The picture was not uploaded.'): UploadError {
  if (upload?.status === 'canceled') return new UploadError({ code: 'CANCELED', message: 'The upload was canceled.' });
  const { code = 'BYTES_GONE', message: reason = message, hint } = upload?.error ?? {};
  return new UploadError({ code, message: reason, hint });
}
