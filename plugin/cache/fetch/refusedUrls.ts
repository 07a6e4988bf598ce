import { ImageCacheError } from '../../errors.ts';
import type { ErrorCode } from '../../protocol.ts';

/** How an image was requested. */
export interface Requester {
  /** The URL as requested, including its signature. */
  readonly url: string | undefined;
  readonly origin: string | undefined;
  /** Maximum size of the image in bytes. */
  readonly maxBytes: number;
}

/** Errors that another URL of the same object may not have, because of its signature or host. */
const OF_THE_URL: ReadonlySet<ErrorCode> = new Set([
  'UPSTREAM_EXPIRED',
  'UPSTREAM_FORBIDDEN',
  'UPSTREAM_NOT_FOUND',
  'UPSTREAM_REDIRECT',
]);

/** Errors that another URL on the same server would have as well. All errors in neither list are our own. */
const OF_THE_ORIGIN: ReadonlySet<ErrorCode> = new Set([
  'HOST_NOT_ALLOWED',
  'IMAGE_TOO_LARGE',
  'NOT_AN_IMAGE',
  'UNSUPPORTED_ENCODING',
  'UNSUPPORTED_TYPE',
  'UPSTREAM_CHECKSUM',
  'UPSTREAM_ERROR',
  'UPSTREAM_THROTTLED',
  'UPSTREAM_TIMEOUT',
  'UPSTREAM_TRUNCATED',
  'UPSTREAM_UNREACHABLE',
]);

/** Remembers with which URL a download failed. All of its requesters get the error, and some may have a URL that works. */
export class RefusedUrls {
  readonly #requesters = new WeakMap<ImageCacheError, Requester>();

  note(error: unknown, requester: Requester): void {
    if (error instanceof ImageCacheError) this.#requesters.set(error, requester);
  }

  /** True if the error does not apply to this request, because it is about another URL. */
  isOfAnother(error: unknown, { url, origin, maxBytes }: Requester): boolean {
    if (!(error instanceof ImageCacheError)) return false;
    const refused = this.#requesters.get(error);
    if (refused === undefined) return false;
    if (OF_THE_URL.has(error.code)) return refused.url !== url;
    if (error.code === 'IMAGE_TOO_LARGE' && refused.maxBytes < maxBytes) return true;
    return OF_THE_ORIGIN.has(error.code) && refused.origin !== origin;
  }
}
