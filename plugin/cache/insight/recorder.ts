import { ImageCacheError } from '../../errors.ts';
import type { ErrorCode, ManifestEntry, Urgency } from '../../protocol.ts';
import type { Timeline } from '../../timeline.ts';
import type { ActivityLog, Answered } from './activityLog.ts';
import type { Departures } from './departures.ts';
import type { Durations } from './durations.ts';
import { inWords, type MissExplanation } from './missReason.ts';
import type { Problems } from './problems.ts';

/** Failures that are nobody's fault, or only the requester's business. */
const UNRECORDED: ReadonlySet<ErrorCode> = new Set(['ABORTED', 'NOT_AUTHORIZED']);

export interface RecorderOptions {
  activity: ActivityLog;
  departures: Departures;
  problems: Problems;
  /** Of the misses. */
  durations: Durations;
  now: () => number;
}

/** An image that was downloaded before it was requested, or because a page waits for it. */
interface Prefetched {
  entry: ManifestEntry;
  actorId: string;
  urgency: Urgency;
  timeline: Timeline;
}

/** A request that has failed. */
export type FailedRequest = Pick<Answered, 's3_url' | 'actor_id' | 'duration_ms'>;

/** Records what has happened to requests for images, in the words of the inspector. Hits in memory do not come here. */
export class Recorder {
  readonly #options: RecorderOptions;
  /** Requests that have failed so far. */
  failures = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Why an image that is not in the cache is not, with the words for it in logs: `evicted 3 min ago: maxSize`. */
  explain(key: string): MissExplanation & { words: string } {
    const { departures, now } = this.#options;
    const explanation = departures.explain(key);
    return { ...explanation, words: inWords(explanation, now()) };
  }

  /** An answer that had to wait for something. */
  answered(answer: Answered): void {
    const { activity, durations } = this.#options;
    activity.record(answer);
    if (answer.outcome === 'MISS' && answer.duration_ms !== undefined) durations.add(answer.duration_ms);
  }

  prefetched({ entry: { s3_url, size_bytes }, actorId, urgency, timeline }: Prefetched): void {
    this.answered({
      s3_url,
      actor_id: actorId,
      outcome: urgency === 'visible' ? 'MISS' : 'PREFETCHED',
      tier: 's3',
      ...this.#options.departures.explain(s3_url),
      duration_ms: timeline.elapsed,
      ...queueOf(timeline),
      size_bytes,
    });
  }

  failed(request: FailedRequest, error: unknown): void {
    const { activity, problems, now } = this.#options;
    const failure = ImageCacheError.from(error);
    const { code, message: detail, hint } = failure;
    if (UNRECORDED.has(code)) return;
    this.failures += 1;
    activity.record({ ...request, outcome: 'FAILED', code, detail, ...(hint !== undefined && { hint }) });
    problems.note(request.s3_url, failure, now());
  }
}

/** The time in the queue of downloads, if there was any. */
export function queueOf({ steps }: Timeline): Pick<Answered, 'queue_ms'> {
  return steps.queue === undefined ? {} : { queue_ms: steps.queue };
}
