import { ERROR_STATUS, type ErrorCode, type ItemError } from './protocol.ts';
import { redact } from './redact.ts';

/**
 * Every refusal and every fault this package reports. The message may reach a browser, a log or an overlay, so
 * secrets are stripped from it (and from the hint) here, at construction, and nowhere else.
 */
export class ImageCacheError extends Error {
  override readonly name = 'ImageCacheError';
  readonly code: ErrorCode;
  /** What to do about it, in a sentence. */
  readonly hint: string | undefined;
  /** How long whoever refused asks us to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    options: { hint?: string | undefined; cause?: unknown; retryAfterMs?: number | undefined } = {},
  ) {
    super(redact(detail), options.cause === undefined ? undefined : { cause: sanitizeCause(options.cause) });
    this.code = code;
    this.hint = options.hint === undefined ? undefined : redact(options.hint);
    this.retryAfterMs = options.retryAfterMs;
  }

  /** The HTTP status that belongs to the code. */
  get status(): number {
    return ERROR_STATUS[this.code];
  }

  /** The error as a row of a `/prefetch` answer. */
  toItem(): ItemError {
    return { code: this.code, detail: this.message, ...(this.hint !== undefined && { hint: this.hint }) };
  }

  /** Any thrown value as an ImageCacheError; what is not one already becomes `fallback`. */
  static from(error: unknown, fallback: ErrorCode = 'INTERNAL'): ImageCacheError {
    if (error instanceof ImageCacheError) return error;
    return new ImageCacheError(fallback, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Keeps what helps to debug (name, code, message) and drops what may hold a signed URL (request, config, stack). */
function sanitizeCause(cause: unknown): unknown {
  if (cause instanceof ImageCacheError) return cause;
  if (typeof cause === 'string') return redact(cause);
  if (!(cause instanceof Error)) return undefined;
  const clean = new Error(redact(cause.message));
  clean.name = cause.name;
  clean.stack = redact(cause.stack ?? '');
  if ('code' in cause) Object.assign(clean, { code: cause.code });
  return clean;
}
