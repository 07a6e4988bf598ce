import { ImageCacheError } from '../../errors.ts';
import type { CacheOutcome, CacheTier, ErrorCode, Urgency } from '../../protocol.ts';
import type { ManifestChange } from '../manifest/manifestChange.ts';
import type { AppliedChange } from '../manifest/manifestStore.ts';
import { Counter } from './counter.ts';
import { Histograms } from './histogram.ts';

type DownloadResult = 'downloaded' | 'failed' | 'aborted';
type DepartureReason = 'invalidated' | 'evicted' | 'missing' | 'cleared' | 'reset';

/**
 * What `GET /metrics` shows beside the counters of `GET /stats`. No label ever has an actor, a key or a URL. Nothing here is touched by a
 * hit in memory.
 */
export class Measures {
  /** Answers that are neither a plain hit nor a plain miss; those are in the counters of `StatsCounter`. */
  readonly outcomes = new Counter<{ tier: CacheTier; outcome: CacheOutcome }>();
  readonly downloads = new Counter<{ bucket: string; result: DownloadResult }>();
  readonly downloadedBytes = new Counter<{ bucket: string }>();
  /** From the first request to S3 until the image is stored, of the downloads that succeeded. By bucket. */
  readonly downloadTimes = new Histograms<string>();
  /** From the request for a download, or for asking S3 whether an image has changed, until its turn comes. */
  readonly queueTimes = new Histograms<Urgency>();
  readonly departures = new Counter<{ reason: DepartureReason }>();
  readonly errors = new Counter<{ code: ErrorCode }>();

  downloaded(bucket: string, bytes: number, ms: number): void {
    this.downloads.add({ bucket, result: 'downloaded' });
    this.downloadedBytes.add({ bucket }, bytes);
    this.downloadTimes.observe(bucket, ms);
  }

  downloadFailed(bucket: string, error: unknown): void {
    const { code } = ImageCacheError.from(error);
    this.downloads.add({ bucket, result: code === 'ABORTED' ? 'aborted' : 'failed' });
  }

  /** Counts the images that this process has removed. Others count theirs, and their sum is that of the directory. */
  applied({ change, removed, isOwn }: AppliedChange): void {
    const reason = departureOf(change);
    if (isOwn === true && reason !== undefined && removed.length > 0) this.departures.add({ reason }, removed.length);
  }

  /** Counts entries that are gone without a change. */
  lost(count: number): void {
    if (count > 0) this.departures.add({ reason: 'reset' }, count);
  }
}

/** Why a change removes images; `undefined` if it only replaces or describes them. */
function departureOf(change: ManifestChange): DepartureReason | undefined {
  if (change.op === 'clear') return 'cleared';
  return change.op === 'delete' ? change.reason : undefined;
}
