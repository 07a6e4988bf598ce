import { createHash } from 'node:crypto';
import { S3Error } from './errors.ts';
import { expired } from './sigv4.ts';

/**
 * What goes wrong, and how often. Shares are from 0 (never) to 1 (always) and are met exactly, not by chance: 0.5 is
 * every second request. The object is live: change a field and the next request knows.
 *
 * Faults are for GETs of objects unless they say otherwise, and come after the signature was found good.
 */
export interface Faults {
  /** Before the answer to a GET, HEAD or PUT of an object. */
  latencyMs: number;
  /** Of each body. 0 for no limit. */
  bytesPerSecond: number;
  /** Share answered 503 `SlowDown`. */
  slowDown: number;
  /** Share answered 403 `AccessDenied`. */
  forbidden: number;
  /** Share answered 403 `Request has expired`. */
  expired: number;
  /** Share of bodies cut half way, with the whole Content-Length announced. */
  cut: number;
  /** Share of bodies cut half way without any Content-Length, ended by a clean FIN: nothing on the wire tells. */
  cutChunked: number;
  /** Share of object PUTs (parts and copies too) that are done, and whose connection is then dropped. */
  lostResponse: number;
  /** Share of object PUTs that are answered 503 `SlowDown`, with nothing done. */
  putSlowDown: number;
  /** Share of object PUTs that are answered 400 `ExpiredToken`, as when a session of AWS has ended. */
  putExpired: number;
  /** Share answered with another ETag, a new one each time. */
  changedEtag: number;
  /** Share that is never answered. */
  hang: number;
  /** Share of bodies that stall half way. */
  hangBody: number;
  /** Every request, of whatever kind, has its connection reset. */
  offline: boolean;
  /** Sent with 503. @default none */
  retryAfterSeconds?: number;
  /** Only keys that contain this have faults (`offline` excepted). @default every key */
  keys?: string;
}

export const SHARES = [
  'slowDown',
  'forbidden',
  'expired',
  'cut',
  'cutChunked',
  'lostResponse',
  'putSlowDown',
  'putExpired',
  'changedEtag',
  'hang',
  'hangBody',
] as const satisfies readonly (keyof Faults)[];

type Share = (typeof SHARES)[number];

/** What happens to a body on its way. */
export type BodyFault = 'cut' | 'cutChunked' | 'hangBody';

/** Nothing goes wrong. */
export function noFaults(): Faults {
  return {
    latencyMs: 0,
    bytesPerSecond: 0,
    slowDown: 0,
    forbidden: 0,
    expired: 0,
    cut: 0,
    cutChunked: 0,
    lostResponse: 0,
    putSlowDown: 0,
    putExpired: 0,
    changedEtag: 0,
    hang: 0,
    hangBody: 0,
    offline: false,
  };
}

/** Decides, request by request, what goes wrong. */
export class FaultInjector {
  readonly faults: Faults;
  readonly #now: () => number;
  /** How often each share was drawn since it was last changed. */
  readonly #draws = new Map<Share, { share: number; count: number }>();
  #etags = 0;

  constructor(faults: Faults, now: () => number) {
    this.faults = faults;
    this.#now = now;
  }

  /** Milliseconds to wait before the answer. */
  latency(key: string): number {
    return this.#concerns(key) ? this.faults.latencyMs : 0;
  }

  /** Bytes per second, or 0. */
  throughput(key: string): number {
    return this.#concerns(key) ? this.faults.bytesPerSecond : 0;
  }

  /** What to do instead of answering a GET. */
  refusal(key: string): 'hang' | S3Error | undefined {
    if (this.#draw('hang', key)) return 'hang';
    if (this.#draw('slowDown', key)) return this.#slowDown();
    if (this.#draw('forbidden', key)) return new S3Error('AccessDenied');
    if (this.#draw('expired', key)) return expired(60, this.#now() - 1000, this.#now());
    return undefined;
  }

  /** What to answer a PUT with instead of doing it. */
  putRefusal(key: string): S3Error | undefined {
    if (this.#draw('putSlowDown', key)) return this.#slowDown();
    if (this.#draw('putExpired', key)) return new S3Error('ExpiredToken');
    return undefined;
  }

  #slowDown(): S3Error {
    const { retryAfterSeconds } = this.faults;
    const headers = retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) };
    return new S3Error('SlowDown', { headers });
  }

  /** What to do to the body of a GET. */
  body(key: string): BodyFault | undefined {
    const faults = ['cut', 'cutChunked', 'hangBody'] as const;
    return faults.find((fault) => this.#draw(fault, key));
  }

  /** The ETag to answer a GET with. */
  etag(key: string, etag: string): string {
    if (!this.#draw('changedEtag', key)) return etag;
    this.#etags += 1;
    return `"${createHash('md5').update(`${etag}${this.#etags}`).digest('hex')}"`;
  }

  /** Whether nobody hears that a PUT was done. */
  losesResponse(key: string): boolean {
    return this.#draw('lostResponse', key);
  }

  #concerns(key: string): boolean {
    return this.faults.keys === undefined || key.includes(this.faults.keys);
  }

  #draw(name: Share, key: string): boolean {
    const share = this.faults[name];
    if (share <= 0 || !this.#concerns(key)) return false;
    const previous = this.#draws.get(name);
    const count = previous?.share === share ? previous.count + 1 : 1;
    this.#draws.set(name, { share, count });
    // Whether this draw is the one that takes the total over the next whole number; 0.1 ten times is 0.999….
    return Math.floor(count * share + 1e-9) > Math.floor((count - 1) * share + 1e-9);
  }
}
