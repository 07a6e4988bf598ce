import type { PrepareOptions, UploadFault } from './imageUploads.ts';
import { prepare } from './prepare/prepare.ts';
import type { JobStore } from './queue/createJobStore.ts';
import type { Outbox } from './outbox/createOutbox.ts';
import type { StoredJob } from './queue/storedJob.ts';
import { toUploadError, UploadError } from './uploadError.ts';

/** After as many starts without an end, a picture is not encoded anew any more: that may have crashed the tab (UPLOADS C3). */
const MAX_STARTS = 2;
/** One that cannot be read is looked at again after so long. */
const UNREADABLE_MS = 30_000;

/**
 * Makes the bytes that are sent of those that were picked, and keeps them in their place. May be repeated, by any tab.
 * @param picked its bytes, if it was saved by this tab just now, so that they need not be read again
 */
export async function prepareJob(
  { jobId }: StoredJob,
  options: PrepareOptions,
  jobs: JobStore,
  outbox: Outbox,
  now: () => number,
  picked?: ArrayBuffer,
): Promise<void> {
  const staged = jobs.get(jobId);
  if (staged?.state !== 'staged') return;
  const raw = picked ?? (await read(staged, outbox).catch(toUploadError));
  if (raw instanceof UploadError) {
    const { code, message, hint } = raw;
    const nextAttemptAt = now() + UNREADABLE_MS;
    return void (await jobs.apply(jobId, {
      type: 'delayed',
      error: { code, message, hint, at: now() },
      nextAttemptAt,
    }));
  }
  if (!raw) return void (await jobs.apply(jobId, { type: 'bytesGone', at: now(), revision: staged.revision }));
  // Each write takes its time on the disk. A start is counted where a decoder may crash the tab, and wherever it may be another tab's turn.
  const isCounted = picked === undefined || isDrawn(options);
  const job = isCounted ? await jobs.apply(jobId, { type: 'preparing' }) : jobs.get(jobId);
  if (job?.state !== 'staged') return;
  const refuse = async (state: 'failed' | 'blocked', error: Omit<UploadFault, 'at'>): Promise<void> => {
    await jobs.apply(jobId, { type: 'refused', state, error: { ...error, at: now() } });
  };
  try {
    const result = await prepare(new Uint8Array(raw), optionsFor(job, options));
    if ('blocked' in result) return await refuse('blocked', { ...GPS_NOT_REMOVABLE, message: result.blocked });
    const { bytes, type, ext, sha256, changed, warnings } = result;
    const body = { sha256, imageId: sha256.slice(0, 32), ext };
    const [warning] = warnings;
    const event = { type: 'prepared', body, size: bytes.byteLength, mime: type, warning: warning?.code } as const;
    await jobs.apply(jobId, event, changed ? exactBuffer(bytes) : undefined);
  } catch (error) {
    const { code, message, hint } = toUploadError(error);
    await refuse('failed', { code, message, hint });
  }
}

async function read(job: StoredJob, outbox: Outbox): Promise<ArrayBuffer | undefined> {
  const bytes = await outbox.bytesOf(job);
  return bytes?.arrayBuffer();
}

const GPS_NOT_REMOVABLE = {
  code: 'GPS_NOT_REMOVABLE',
  hint: 'It is not sent. Send it as it is with `sendAnyway()`, or cancel it and pick a JPEG or PNG of it.',
};

/** Without what else is in the buffer. */
function exactBuffer(bytes: Uint8Array<ArrayBuffer>): ArrayBuffer {
  const { buffer, byteOffset, byteLength } = bytes;
  return buffer.byteLength === byteLength ? buffer : buffer.slice(byteOffset, byteOffset + byteLength);
}

/** Whether pictures are decoded, and encoded anew. */
export function isDrawn({ maxEdge, format = 'keep' }: PrepareOptions): boolean {
  return maxEdge !== undefined || format !== 'keep';
}

/** A picture that has crashed the tab twice keeps its size and format: taking out bytes needs no decoder. */
function optionsFor({ prepareStarts, isSentAsItIs }: StoredJob, options: PrepareOptions): PrepareOptions {
  const strip = isSentAsItIs ? 'none' : (options.strip ?? 'gps');
  return prepareStarts > MAX_STARTS ? { strip } : { ...options, strip };
}
