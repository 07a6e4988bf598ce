import { ERROR_STATUS, type ErrorCode, type ItemError } from './protocol.ts';
import { redact } from './redact.ts';

/**
 * Every refusal and every fault that this package reports. The message may reach a browser, a log or an overlay, so secrets are
 * removed from it and from the hint. That happens in the constructor, and nowhere else.
 */
export class ImageCacheError extends Error {
  override readonly name = 'ImageCacheError';
  readonly code: ErrorCode;
  /** What to do about it, in a sentence. */
  readonly hint: string | undefined;
  /** A line of the configuration that cures it, to copy. */
  readonly fix: string | undefined;
  /** True if it may pass although nobody mends the image or its URL: credentials that are missing may come back. */
  readonly mayPass: boolean;
  /** How long to wait before another attempt, in milliseconds, if the server that refused said so. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    options: {
      hint?: string | undefined;
      fix?: string | undefined;
      cause?: unknown;
      mayPass?: boolean | undefined;
      retryAfterMs?: number | undefined;
    } = {},
  ) {
    super(redact(detail), options.cause === undefined ? undefined : { cause: sanitizeCause(options.cause) });
    this.code = code;
    this.hint = options.hint === undefined ? undefined : redact(options.hint);
    this.fix = options.fix === undefined ? undefined : redact(options.fix);
    this.mayPass = options.mayPass ?? false;
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

  /** Makes an ImageCacheError of any thrown value. A value that is not one yet gets the code `fallback`. */
  static from(error: unknown, fallback: ErrorCode = 'INTERNAL'): ImageCacheError {
    if (error instanceof ImageCacheError) return error;
    return new ImageCacheError(fallback, error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Keeps what helps to debug (name, code, message), and drops what may contain a signed URL (the request, its configuration). */
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
