import { ImageCacheError } from '../../errors.ts';
import type { ErrorCode } from '../../protocol.ts';
import { redact } from '../../redact.ts';
import type { CacheLogger } from '../injected/cacheLogger.ts';

/** Failures that are not reported: they concern only the client that sent the request, and the operator can do nothing about them. */
const UNREPORTED: ReadonlySet<ErrorCode> = new Set(['ABORTED', 'NOT_AUTHORIZED']);

/** Logs why an image could not be served: a browser shows a broken `<img>` and no reason. */
export function reportFailure(logger: CacheLogger, url: string, error: unknown): void {
  const { code, message, hint = '' } = ImageCacheError.from(error);
  if (!UNREPORTED.has(code)) logger.warn(`${code} ${message} ${hint}`.trimEnd(), withoutQuery(url));
}

/** The part of a requested URL that may be logged, also for a text that is not a URL. */
export function withoutQuery(url: string): string {
  return redact(url.split(/[?#]/, 1)[0] ?? '').slice(0, 2048);
}
