import { ImageCacheError } from '../../errors.ts';
import type { ErrorCode } from '../../protocol.ts';

/** What a URL with another signature may not meet with. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['UPSTREAM_EXPIRED', 'UPSTREAM_FORBIDDEN']);

/** By which URL an origin has refused an object. All who wait for it hear of that, and some may have come with a better one. */
export class RefusedUrls {
  readonly #urls = new WeakMap<ImageCacheError, string | undefined>();

  note(error: unknown, url: string | undefined): void {
    if (error instanceof ImageCacheError && REFUSALS.has(error.code)) this.#urls.set(error, url);
  }

  /** Whether the error says nothing about this URL. */
  isOfAnother(error: unknown, url: string | undefined): boolean {
    return error instanceof ImageCacheError && this.#urls.has(error) && this.#urls.get(error) !== url;
  }
}
