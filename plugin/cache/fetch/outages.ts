import { type After, afterTimeout } from '../../after.ts';
import { ImageCacheError } from '../../errors.ts';
import type { ErrorCode } from '../../protocol.ts';
import type { CachePart } from '../manifest/cachePart.ts';
import type { ImageRef, Source } from '../injected/source.ts';
import { HeadOnly } from './headOnly.ts';

/** They say that the server of a bucket is away, or has more to do than it can. */
const AWAY: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UPSTREAM_ERROR',
  'UPSTREAM_THROTTLED',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_UNREACHABLE',
]);
/** Pages are to show what they lack within ten seconds, so one question and the pause before it take less. */
const PAUSES_MS = [1000, 2000, 4000];
const QUESTION_MS = 4000;
/**
 * The first pause after so many ends of an outage, each of which was soon followed by the next: an image may fail each time although its
 * server answers, and is not to be fetched in vain for ever.
 */
const PAUSES_AFTER_ENDS_MS = [0, 0, 0, 0, 30_000, 120_000, 300_000];
/** After this long without an outage, ends are counted anew. */
const CALM_MS = 10 * 60_000;
/** An outage of which no image was asked for any longer is forgotten. */
const MAX_MS = 60 * 60_000;
/** Images of an outage that are asked about in turn, in case one of them can never be had. */
const MAX_IMAGES = 20;
const MAX_ORIGINS = 100;

export interface OutagesOptions<Ref extends ImageRef> {
  source: Pick<Source<Ref>, 'download'>;
  /** Whether anybody would be told of the end of an outage. If not, nothing is asked. */
  isHeard: () => boolean;
  /** Called when an image of an outage can be had again. */
  onRecovered: () => void;
  now?: () => number;
  after?: After;
}

interface Ends {
  count: number;
  lastAt: number;
}

interface Outage<Ref> {
  /** Images that could not be had, by their keys; the one that is asked about next comes first. */
  images: Map<string, Ref>;
  /** When the last of them was wanted. */
  wantedAt: number;
  questions: number;
  cancel: () => void;
}

/**
 * Notices when a server answers again that was away, or when credentials are there again, so that pages may try again what has failed. While
 * it is away, it is asked every few seconds for the head of an image that could not be had. That is no download: nothing is stored or counted.
 */
export class Outages<Ref extends ImageRef> implements CachePart {
  readonly #options: Required<OutagesOptions<Ref>>;
  readonly #outages = new Map<string, Outage<Ref>>();
  readonly #ends = new Map<string, Ends>();
  readonly #closing = new AbortController();

  constructor(options: OutagesOptions<Ref>) {
    this.#options = { now: () => performance.now(), after: afterTimeout, ...options };
  }

  /** An image could not be downloaded. */
  failed(ref: Ref, error: unknown): void {
    if (!isOutage(error) || this.#closing.signal.aborted) return;
    const origin = originOf(ref);
    const outage = this.#outages.get(origin) ?? this.#begin(origin);
    if (outage === undefined) return;
    outage.wantedAt = this.#options.now();
    outage.images.delete(ref.key);
    outage.images.set(ref.key, ref); // its signature is the newest
    const [oldest] = outage.images.keys();
    if (outage.images.size > MAX_IMAGES && oldest !== undefined) outage.images.delete(oldest);
  }

  /** An image was downloaded. */
  succeeded(ref: Ref): void {
    if (this.#outages.get(originOf(ref))?.images.has(ref.key) === true) this.#recover(originOf(ref));
  }

  close(): Promise<void> {
    this.#closing.abort();
    for (const { cancel } of this.#outages.values()) cancel();
    this.#outages.clear();
    return Promise.resolve();
  }

  #begin(origin: string): Outage<Ref> | undefined {
    if (this.#outages.size >= MAX_ORIGINS) return undefined;
    const outage: Outage<Ref> = { images: new Map(), wantedAt: 0, questions: 0, cancel: () => undefined };
    this.#outages.set(origin, outage);
    this.#plan(origin, outage);
    return outage;
  }

  #plan(origin: string, outage: Outage<Ref>): void {
    const pause = PAUSES_MS[outage.questions] ?? PAUSES_MS.at(-1) ?? 0;
    const ends = this.#endsOf(origin);
    const least = PAUSES_AFTER_ENDS_MS[Math.min(ends.count, PAUSES_AFTER_ENDS_MS.length - 1)] ?? 0;
    outage.cancel = this.#options.after(Math.max(pause, least), () => void this.#look(origin, outage));
  }

  async #look(origin: string, outage: Outage<Ref>): Promise<void> {
    const { now, isHeard } = this.#options;
    const [next] = outage.images;
    if (next === undefined || now() - outage.wantedAt > MAX_MS) return void this.#outages.delete(origin);
    const [key, ref] = next;
    outage.images.delete(key);
    outage.images.set(key, ref);
    outage.questions += 1;
    const answers = isHeard() && (await this.#answers(ref));
    if (this.#closing.signal.aborted || this.#outages.get(origin) !== outage) return;
    if (answers) this.#recover(origin);
    else this.#plan(origin, outage);
  }

  #recover(origin: string): void {
    this.#outages.get(origin)?.cancel();
    this.#outages.delete(origin);
    if (this.#ends.size >= MAX_ORIGINS) this.#ends.clear();
    this.#ends.set(origin, { count: this.#endsOf(origin).count + 1, lastAt: this.#options.now() });
    this.#options.onRecovered();
  }

  #endsOf(origin: string): Ends {
    const ends = this.#ends.get(origin);
    return ends !== undefined && this.#options.now() - ends.lastAt < CALM_MS ? ends : { count: 0, lastAt: 0 };
  }

  /** Whether the server says anything definite about the image. */
  async #answers(ref: Ref): Promise<boolean> {
    const head = new HeadOnly();
    const over = new AbortController();
    const abort = () => over.abort();
    const cancel = this.#options.after(QUESTION_MS, abort);
    this.#closing.signal.addEventListener('abort', abort);
    try {
      await this.#options.source.download(ref, head, over.signal);
      return true;
    } catch (error) {
      return head.etag !== undefined || !(over.signal.aborted || isOutage(error));
    } finally {
      cancel();
      this.#closing.signal.removeEventListener('abort', abort);
    }
  }
}

function isOutage(error: unknown): boolean {
  const { code, mayPass } = ImageCacheError.from(error);
  return mayPass || AWAY.has(code);
}

function originOf({ origin = '' }: ImageRef): string {
  return origin;
}
