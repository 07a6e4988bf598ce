import { channel } from 'node:diagnostics_channel';
import type { CachedImage, CacheLogger, SizedImage } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import { type ImageTiming, Timeline } from '../timeline.ts';

const images = channel('vite-plugin-image-cache:image');

type Served = Pick<CachedImage, 'entry' | 'body' | 'tier' | 'outcome'> & Partial<Pick<SizedImage, 'origin'>>;

/** Measures one request for an image. Its timeline is created when there is something to wait for: a hit in memory has none. */
export class ImageTimer {
  readonly #logger: CacheLogger;
  readonly #started: number;
  #timeline: Timeline | undefined;

  /** @param started when the request arrived, by `performance.now()` */
  constructor(logger: CacheLogger, started: number) {
    this.#logger = logger;
    this.#started = started;
  }

  get timeline(): Timeline {
    return (this.#timeline ??= new Timeline(undefined, this.#started));
  }

  /** Logs and publishes the time of an image. @returns the timeline for its headers; `undefined` for a hit in memory */
  served(image: Served): Timeline | undefined {
    const { entry, body, tier, outcome = tier === 's3' ? 'MISS' : 'HIT' } = image;
    if (tier === 'memory' && (this.#timeline?.isEmpty ?? true)) {
      logServed(this.#logger, image, performance.now() - this.#started);
      return undefined;
    }
    const { timeline } = this;
    logServed(this.#logger, image, timeline.elapsed, timeline.toString());
    this.#publish(timeline, { s3_url: entry.s3_url, outcome, tier, size_bytes: body.length });
    return timeline;
  }

  /** Logs and publishes the time of a request that had to wait and then failed. */
  failed(s3_url: string, error: unknown): void {
    if (this.#timeline === undefined) return;
    const { code } = ImageCacheError.from(error);
    const { elapsed } = this.#timeline;
    this.#logger.debug?.(`${code} ${s3_url} ${line(elapsed, this.#timeline.toString())}`);
    this.#publish(this.#timeline, { s3_url, outcome: 'FAILED', code });
  }

  #publish({ elapsed, steps }: Timeline, what: Omit<ImageTiming, 'duration_ms' | 'steps'>): void {
    if (!images.hasSubscribers) return;
    const timing: ImageTiming = { ...what, duration_ms: elapsed, steps };
    // After the answer: a subscriber that takes long or throws must not keep the image from the page.
    setImmediate(() => images.publish(timing));
  }
}

/** One line of the debug log: `MISS 0001/dune_41d0.jpg 812.4 ms: queue 430, connect 22, first byte 310, body 50`. */
export function logServed(
  { debug }: CacheLogger,
  { entry: { local_path }, tier, outcome, origin }: Pick<Served, 'entry' | 'tier' | 'outcome' | 'origin'>,
  elapsedMs: number,
  steps = '',
): void {
  if (debug === undefined) return;
  const what = outcome ?? (tier === 's3' ? 'MISS' : origin === 'made' ? 'MADE' : `HIT ${tier}`);
  debug(`${what} ${local_path.slice(local_path.indexOf('images/') + 'images/'.length)} ${line(elapsedMs, steps)}`);
}

function line(elapsedMs: number, steps: string): string {
  return `${elapsedMs.toFixed(1)} ms${steps === '' ? '' : `: ${steps}`}`;
}
