import type { UploadList } from './createUploadList.ts';
import { type Entity, toEntity } from './entity.ts';
import type { UploadsEnvironment } from './environment.ts';
import type { ImageUploads, Upload, UploadCallOptions } from './imageUploads.ts';
import type { JobStore } from './queue/createJobStore.ts';
import type { Locks } from './queue/locks.ts';
import type { StoredJob } from './queue/storedJob.ts';
import { nameOf, readPicked } from './readPicked.ts';
import { named, refusalOf } from './refusalOf.ts';
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
  /** Pictures that are in memory at a time. */
  readonly atATime: number;
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

  /** Resolves when it is prepared, too. */
  async function save(
    file: Blob,
    givenName: string | undefined,
    entity: Entity | undefined,
    onDurable: () => void,
  ): Promise<Upload> {
    // In the order in which they were picked, whichever is read first.
    const [jobId, createdAt] = [parts.nextId(), env.now()];
    const { bytes, type, filename, warning } = await readPicked(file, givenName, maxFileSize);
    const size = bytes.byteLength;
    const job: StoredJob = {
      jobId,
      owner,
      state: 'staged',
      revision: 1,
      entity,
      filename,
      type,
      size,
      createdAt,
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
        onDurable();
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
    const outcomes: (Upload | UploadError)[] = [];
    const queue = picked.entries();
    // Neither durable nor refused. Only they would be lost with the page.
    const undecided = new Set(picked.keys());
    const release = picked.length > 0 ? env.holdPage() : () => {};
    function decided(index: number): void {
      undecided.delete(index);
      if (undecided.size === 0) release();
    }
    // While one is being written, the next one is read.
    async function saveNext(): Promise<void> {
      for (const [index, file] of queue) {
        const outcome = await save(file, filename, entity, () => decided(index)).catch(toRefusal(filename, file));
        decided(index);
        outcomes[index] = outcome;
        if (!(outcome instanceof UploadError)) onSaved?.(outcome);
      }
    }
    await Promise.all(Array.from({ length: parts.atATime }, saveNext)).finally(release);
    const errors = outcomes.filter((outcome): outcome is UploadError => outcome instanceof UploadError);
    const saved = outcomes.filter((outcome): outcome is Upload => !(outcome instanceof UploadError));
    const [first, ...others] = errors;
    if (!first) return saved;
    throw refusalOf([first, ...others], saved);
  };
}

function toRefusal(givenName: string | undefined, file: Blob): (error: unknown) => UploadError {
  return (error) => {
    if (error instanceof UploadError) return named(error, nameOf(file, givenName));
    throw error;
  };
}
