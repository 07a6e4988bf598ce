import { ImageCacheError } from '../../errors.ts';
import type { ErrorCode } from '../../protocol.ts';
import { redact } from '../../redact.ts';
import type { CacheLogger } from '../injected/cacheLogger.ts';

/** Nobody's fault, or of whoever asked alone: whoever runs the server has nothing to do about it. */
const UNREPORTED: ReadonlySet<ErrorCode> = new Set(['ABORTED', 'NOT_AUTHORIZED']);

/** Tells whoever runs the server why an image could not be had: a browser shows an `<img>` that failed and no reason. */
export function reportFailure(logger: CacheLogger, url: string, error: unknown): void {
  const { code, message, hint = '' } = ImageCacheError.from(error);
  if (!UNREPORTED.has(code)) logger.warn(`${code} ${message} ${hint}`.trimEnd(), withoutQuery(url));
}

/** What may be said of a URL that was asked for, whatever it is. */
export function withoutQuery(url: string): string {
  return redact(url.split(/[?#]/, 1)[0] ?? '').slice(0, 2048);
}
