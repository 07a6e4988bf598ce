import type { UploadTransport } from '../transport.ts';
import type { StoredJob } from './storedJob.ts';

/** Rows of pictures that the bucket has, and of canceled ones, are kept for a week; those of failed ones for ever. */
const KEEP_ROWS_MS = 7 * 24 * 3_600_000;

/** The jobs whose rows may go. */
export function finishedRows(jobs: readonly StoredJob[], now: number, transport: UploadTransport): string[] {
  return jobs
    .filter(({ state, createdAt, uploadedAt, isCancelUntold }) => {
      const isTold = !isCancelUntold || !transport.cancel;
      const isOver = state === 'stored' || (state === 'canceled' && isTold);
      return isOver && (uploadedAt ?? createdAt) < now - KEEP_ROWS_MS;
    })
    .map(({ jobId }) => jobId);
}
