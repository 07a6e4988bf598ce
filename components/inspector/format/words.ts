import type { Activity, MissReason, RemovalCause, WaitReason } from '../../../plugin/inspectorProtocol.ts';
import { formatAgo } from './times.ts';

/** Why an image was not in the cache, in words. */
const MISS_REASONS: Record<MissReason, string> = {
  first_seen: 'first seen',
  invalidated: 'was invalidated',
  cleared: 'was cleared',
  evicted: 'had made room for others',
  aged_out: 'had not been used for too long',
  missing: 'its file was gone',
  damaged: 'its file was damaged',
  changed: 'has changed in S3',
  reset: 'the cache was emptied',
};

/** Why a download waits, in words. */
export const WAIT_REASONS: Record<WaitReason, string> = {
  slot: 'waits for a slot',
  visible_first: 'stands aside for an image on screen',
  slow_down: 'S3 has asked to slow down',
  busy: 'fewer at once while pages are served',
};

/** What came of a request, in words. */
export const OUTCOMES: Record<Activity['outcome'], string> = {
  HIT: 'Hit',
  MISS: 'Miss',
  STALE: 'Stale',
  REVALIDATED: 'Revalidated',
  FAILED: 'Failed',
  PREFETCHED: 'Prefetched',
};

interface Missed {
  reason?: MissReason;
  removed_at?: number;
  cause?: RemovalCause;
}

/** `had made room for others (maxSize), 3 min ago` */
export function formatMiss({ reason, removed_at, cause }: Missed, now: number): string {
  const why = reason === undefined ? '' : MISS_REASONS[reason];
  const by = cause === undefined || cause === 'damaged' ? '' : ` (${cause})`;
  return `${why}${by}${removed_at === undefined ? '' : `, ${formatAgo(removed_at, now)}`}`;
}
