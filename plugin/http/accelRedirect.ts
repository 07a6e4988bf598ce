import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { CacheLogger, CheckedFile } from '../cache/index.ts';
import type { NginxOptions } from '../options.ts';

/** nginx sets it on each request that it passes on, so that no client can. */
const HEADER = 'image-cache-nginx';
/** The value when nginx passes a request on again, because it could not open the file. It allows nothing, so it need not be secret. */
const FAILED = 'failed';

const COULD_NOT_OPEN =
  'nginx could not open a file of the cache that it was to send, so this server sends the image. The error log of nginx says why: a file ' +
  'that was removed a moment ago is nothing to worry about; "Permission denied" means that the workers of nginx run as another user than this server.';

/** Lets nginx send files in our place: the answer has no bytes, but the header `X-Accel-Redirect`, which nginx replaces by the file. */
export class AccelRedirect {
  readonly #location: string;
  readonly #secret: Buffer;
  readonly #warn: CacheLogger['warn'];
  #hasWarned = false;

  constructor({ location, secret }: NginxOptions, { warn }: Pick<CacheLogger, 'warn'>) {
    this.#location = location;
    this.#secret = Buffer.from(secret);
    this.#warn = warn;
  }

  /**
   * Whether the answer to this request may be a file that nginx sends. A request without the secret came another way: its client would get an
   * answer without bytes, and a header that is not meant for it. HEAD needs no bytes, and conditions on the file are answered here, since
   * nginx knows only its time. `If-None-Match` is compared before it comes to sending, and nginx knows the ETag for `If-Range`.
   */
  isFor({ method, headers }: IncomingMessage): boolean {
    const { [HEADER]: proof } = headers;
    if (proof === FAILED) this.#warnOnce();
    if (typeof proof !== 'string' || method !== 'GET') return false;
    if (headers['if-match'] !== undefined || headers['if-unmodified-since'] !== undefined) return false;
    const given = Buffer.from(proof);
    return given.length === this.#secret.length && timingSafeEqual(given, this.#secret);
  }

  /** The URL by which nginx finds the file. It needs no encoding: names in the cache directory are letters, digits, `_`, `-`, `.` and `/`. */
  urlOf({ path }: CheckedFile): string {
    return this.#location + path;
  }

  #warnOnce(): void {
    if (!this.#hasWarned) this.#warn(COULD_NOT_OPEN);
    this.#hasWarned = true;
  }
}
