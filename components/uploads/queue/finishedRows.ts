import type { UploadTransport } from '../transport.ts';
import { type LinkRule, linkStatusOf } from './linkRule.ts';
import type { StoredJob } from './storedJob.ts';

/** Rows of pictures that the bucket has, and of canceled ones, are kept for a week; those of failed ones, and of those that the app is still to be told of, for ever. */
const KEEP_ROWS_MS = 7 * 24 * 3_600_000;

/** The jobs whose rows may go. */
export function finishedRows(
  jobs: readonly StoredJob[],
  now: number,
  transport: UploadTransport,
  rule: LinkRule | undefined,
): string[] {
  return jobs
    .filter((job) => {
      const { state, createdAt, uploadedAt, isCancelUntold, link } = job;
      const isTold = !isCancelUntold || !transport.cancel;
      const isLinkOpen = ['waiting', 'due'].includes(linkStatusOf(job, rule) ?? '');
      const isOver = (state === 'stored' && !isLinkOpen) || (state === 'canceled' && isTold);
      return isOver && (link?.at ?? uploadedAt ?? createdAt) < now - KEEP_ROWS_MS;
    })
    .map(({ jobId }) => jobId);
}
