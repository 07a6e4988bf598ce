import { ImageCacheError } from '../../errors.ts';
import type { ErrorCode } from '../../protocol.ts';

/** By what an object was asked for. */
export interface Asker {
  /** As asked, signature and all. */
  readonly url: string | undefined;
  readonly origin: string | undefined;
  /** What the image may have at most. */
  readonly maxBytes: number;
}

/** Answers that a URL with another signature, or of another host, need not meet with. */
const OF_THE_URL: ReadonlySet<ErrorCode> = new Set([
  'UPSTREAM_EXPIRED',
  'UPSTREAM_FORBIDDEN',
  'UPSTREAM_NOT_FOUND',
  'UPSTREAM_REDIRECT',
]);

/** What another URL of the same server would meet with as well. All that is in neither list is a fault of ours. */
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

/** By which URL an object was refused. All who wait for it hear of that, and some may have come with a better one. */
export class RefusedUrls {
  readonly #askers = new WeakMap<ImageCacheError, Asker>();

  note(error: unknown, asker: Asker): void {
    if (error instanceof ImageCacheError) this.#askers.set(error, asker);
  }

  /** Whether the error says nothing about what this one would meet with. */
  isOfAnother(error: unknown, { url, origin, maxBytes }: Asker): boolean {
    if (!(error instanceof ImageCacheError)) return false;
    const refused = this.#askers.get(error);
    if (refused === undefined) return false;
    if (OF_THE_URL.has(error.code)) return refused.url !== url;
    if (error.code === 'IMAGE_TOO_LARGE' && refused.maxBytes < maxBytes) return true;
    return OF_THE_ORIGIN.has(error.code) && refused.origin !== origin;
  }
}
