import type { UploadList } from './createUploadList.ts';
import { type Entity, toEntity } from './entity.ts';
import type { UploadsEnvironment } from './environment.ts';
import type { ImageUploads, Upload, UploadCallOptions } from './imageUploads.ts';
import type { JobStore } from './queue/createJobStore.ts';
import type { Locks } from './queue/locks.ts';
import type { StoredJob } from './queue/storedJob.ts';
import { readPicked } from './readPicked.ts';
import { UploadError } from './uploadError.ts';

interface UploadParts {
  readonly jobs: JobStore;
  readonly locks: Locks;
  readonly shown: UploadList;
  readonly env: UploadsEnvironment;
  readonly owner: string;
  /** In bytes. */
  readonly maxFileSize: number;
  readonly maxOutboxSize: number;
  nextId(): string;
  /** @param picked its bytes */
  prepare(job: StoredJob, picked: ArrayBuffer): Promise<void>;
  changed(): void;
  /** One more is durable. */
  onSaved(): void;
}

/** `upload()` of `ImageUploads`. */
export function createUpload(parts: UploadParts): ImageUploads['upload'] {
  const { jobs, locks, shown, env, owner, maxFileSize, maxOutboxSize, changed } = parts;

  async function save(file: Blob, givenName: string | undefined, entity: Entity | undefined): Promise<Upload> {
    const { bytes, type, filename, warning } = await readPicked(file, givenName, maxFileSize);
    const size = bytes.byteLength;
    const job: StoredJob = {
      jobId: parts.nextId(),
      owner,
      state: 'staged',
      revision: 1,
      entity,
      filename,
      type,
      size,
      createdAt: env.now(),
      heldBytes: size,
      prepareStarts: 0,
      attempts: 0,
      warning,
    };
    const endSaving = shown.saving(job);
    changed();
    try {
      // No other tab prepares it meanwhile.
      await locks.tryHold(`prepare ${job.jobId}`, async () => {
        await jobs.add(job, bytes, maxOutboxSize);
        // It is durable now. If what follows fails, the tab that sends does it again.
        parts.onSaved();
        await parts.prepare(job, bytes).catch(() => {});
      });
    } finally {
      endSaving();
      changed();
    }
    const upload = shown.get(job.jobId);
    if (!upload) throw new UploadError({ code: 'STORAGE_UNAVAILABLE', message: 'The picture is gone again.' });
    return upload;
  }

  return async (files, { entity: given, filename, onSaved }: UploadCallOptions = {}) => {
    const entity = given && toEntity(given);
    // A copy: a FileList is emptied when the input is.
    const picked = files instanceof Blob ? [files] : Array.from(files);
    const saved: Upload[] = [];
    const errors: UploadError[] = [];
    // One after the other, so that only one is in memory.
    for (const file of picked) {
      try {
        const upload = await save(file, filename, entity);
        saved.push(upload);
        onSaved?.(upload);
      } catch (error) {
        if (!(error instanceof UploadError)) throw error;
        errors.push(error);
      }
    }
    const [first, ...others] = errors;
    if (!first) return saved;
    if (others.length === 0) throw first;
    const message = `${errors.length} of ${picked.length} pictures were not saved.`;
    throw new UploadError({ code: 'SOME_REFUSED', message, hint: first.hint, errors });
  };
}
