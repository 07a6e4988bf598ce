import { createHash } from 'node:crypto';
import { S3Error } from './errors.ts';
import { expired } from './sigv4.ts';

/**
 * Which faults happen, and how often. Shares are from 0 (never) to 1 (always), and are exact and not random: 0.5 is every second
 * request. The object is live: a changed field has an effect on the next request.
 *
 * Unless a fault says otherwise, it happens to GETs of objects, after their signature was verified.
 */
export interface Faults {
  /** Delay before the answer to a GET, HEAD or PUT of an object. */
  latencyMs: number;
  /** Speed of each body. 0 for no limit. */
  bytesPerSecond: number;
  /** Share of GETs that are answered 503 `SlowDown`. */
  slowDown: number;
  /** Share of GETs that are answered 403 `AccessDenied`. */
  forbidden: number;
  /** Share of GETs that are answered 403 `Request has expired`. */
  expired: number;
  /** Share of bodies that are cut half way, with the Content-Length of the whole. */
  cut: number;
  /** Share of bodies that are cut half way without a Content-Length, with a clean FIN, so that the client cannot notice it. */
  cutChunked: number;
  /** Share of object PUTs (also of parts and copies) that are done, but whose connection is then dropped. */
  lostResponse: number;
  /** Share of object PUTs that are answered 503 `SlowDown`, with nothing done. */
  putSlowDown: number;
  /** Share of object PUTs that are answered 400 `ExpiredToken`, as when a session of AWS has ended. */
  putExpired: number;
  /** Share of GETs that are answered with another ETag, a new one each time. */
  changedEtag: number;
  /** Share of GETs that are never answered. */
  hang: number;
  /** Share of bodies that stall half way. */
  hangBody: number;
  /** True to reset the connection of every request. */
  offline: boolean;
  /** The Retry-After that is sent with 503. @default none */
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

/** A fault of a body. */
export type BodyFault = 'cut' | 'cutChunked' | 'hangBody';

/** Creates an object without faults. */
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

/** Decides for each request which faults happen. */
export class FaultInjector {
  readonly faults: Faults;
  readonly #now: () => number;
  /** How often each share was used since it was last changed. */
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

  /** The fault that replaces the answer to a GET. */
  refusal(key: string): 'hang' | S3Error | undefined {
    if (this.#draw('hang', key)) return 'hang';
    if (this.#draw('slowDown', key)) return this.#slowDown();
    if (this.#draw('forbidden', key)) return new S3Error('AccessDenied');
    if (this.#draw('expired', key)) return expired(60, this.#now() - 1000, this.#now());
    return undefined;
  }

  /** The fault that replaces a PUT. */
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

  /** The fault of the body of a GET. */
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

  /** Whether the answer to a PUT is lost. */
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
    // True if the total exceeds the next whole number with this request. The addend is needed because ten times 0.1 is 0.999….
    return Math.floor(count * share + 1e-9) > Math.floor((count - 1) * share + 1e-9);
  }
}
