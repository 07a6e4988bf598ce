import { channel } from 'node:diagnostics_channel';
import type { CachedImage, CacheLogger, FailedRequest, Recorder, SizedImage } from '../cache/index.ts';
import { queueOf, sentBytes } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import type { CacheOutcome } from '../protocol.ts';
import { type ImageTiming, Timeline } from '../timeline.ts';

const images = channel('vite-plugin-image-cache:image');

type Served = Pick<CachedImage, 'entry' | 'body' | 'file' | 'tier' | 'outcome'> & Partial<Pick<SizedImage, 'origin'>>;

/** Where the end of a request is told. */
export interface TimerContext {
  logger: CacheLogger;
  recorder: Recorder;
}

/**
 * Measures one request for an image, and says how it ended: to the log, to the channel, and to the inspector. Its timeline is created when
 * there is something to wait for: a hit in memory has none.
 */
export class ImageTimer {
  readonly #logger: CacheLogger;
  readonly #recorder: Recorder;
  readonly #started: number;
  #timeline: Timeline | undefined;

  /** @param started when the request arrived, by `performance.now()` */
  constructor({ logger, recorder }: TimerContext, started: number) {
    this.#logger = logger;
    this.#recorder = recorder;
    this.#started = started;
  }

  get timeline(): Timeline {
    return (this.#timeline ??= new Timeline(undefined, this.#started));
  }

  /** Logs and publishes the time of an image. @returns the timeline for its headers; `undefined` for a hit in memory */
  served(image: Served): Timeline | undefined {
    const { entry, tier, outcome = tier === 's3' ? 'MISS' : 'HIT' } = image;
    const { s3_url, actor_id } = entry;
    if (tier === 'memory' && (this.#timeline?.isEmpty ?? true)) {
      if (this.#logger.debug !== undefined) logServed(this.#logger, image, performance.now() - this.#started);
      return undefined;
    }
    const { timeline } = this;
    const why = this.#reasonOf(outcome, image);
    logServed(this.#logger, image, timeline.elapsed, timeline.toString(), why?.words);
    const what = { s3_url, outcome, tier, ...(why && { reason: why.reason }), size_bytes: sentBytes(image) } as const;
    this.#publish(timeline, what);
    if (tier !== 'memory' || outcome === 'REVALIDATED') {
      const { words: _, ...explanation } = why ?? {};
      const took = { duration_ms: timeline.elapsed, ...queueOf(timeline) };
      this.#recorder.answered({ ...what, actor_id, ...explanation, ...took });
    }
    return timeline;
  }

  /** Tells that a request has failed; the log and the channel only if it had to wait. @param s3Url without a signature */
  failed(s3_url: string, actor_id: string | undefined, error: unknown): void {
    const request: FailedRequest = { s3_url, ...(actor_id !== undefined && { actor_id }) };
    const duration_ms = this.#timeline?.elapsed;
    this.#recorder.failed({ ...request, ...(duration_ms !== undefined && { duration_ms }) }, error);
    if (this.#timeline === undefined) return;
    const { code } = ImageCacheError.from(error);
    const { elapsed } = this.#timeline;
    this.#logger.debug?.(`${code} ${s3_url} ${line(elapsed, this.#timeline.toString())}`);
    this.#publish(this.#timeline, { s3_url, outcome: 'FAILED', code });
  }

  /** Why the image came from S3. */
  #reasonOf(outcome: CacheOutcome, { entry, tier }: Served) {
    if (tier !== 's3') return undefined;
    if (outcome === 'REVALIDATED') return { reason: 'changed', words: 'changed in S3' } as const;
    return this.#recorder.explain(entry.s3_url);
  }

  #publish({ elapsed, steps }: Timeline, what: Omit<ImageTiming, 'duration_ms' | 'steps'>): void {
    if (!images.hasSubscribers) return;
    const timing: ImageTiming = { ...what, duration_ms: elapsed, steps };
    // After the answer: a subscriber that takes long or throws must not keep the image from the page.
    setImmediate(() => images.publish(timing));
  }
}

/**
 * One line of the debug log: `MISS (evicted 3 min ago: maxSize) 0001/dune_41d0.jpg 812.4 ms: queue 430, connect 22, first byte 310`.
 * @param why the reason of a miss
 */
export function logServed(
  { debug }: CacheLogger,
  { entry: { local_path }, tier, outcome, origin }: Pick<Served, 'entry' | 'tier' | 'outcome' | 'origin'>,
  elapsedMs: number,
  steps = '',
  why?: string,
): void {
  if (debug === undefined) return;
  const what = outcome ?? (tier === 's3' ? 'MISS' : origin === 'made' ? 'MADE' : `HIT ${tier}`);
  debug(
    `${what}${why === undefined ? '' : ` (${why})`} ${local_path.slice(local_path.indexOf('images/') + 'images/'.length)} ${line(elapsedMs, steps)}`,
  );
}

function line(elapsedMs: number, steps: string): string {
  return `${elapsedMs.toFixed(1)} ms${steps === '' ? '' : `: ${steps}`}`;
}
