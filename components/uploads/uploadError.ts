import { ImageCacheRequestError } from '../client/api.ts';
import type { Upload } from './imageUploads.ts';

/**
 * What a fault means for the queue. `unreachable`: nothing answered, which costs no try; `transient`: an answer that another try may
 * better (5xx, 429); `permanent`: this picture will never be taken; `blocked`: somebody must do something first (sign in,
 * credentials, a missing bucket), which costs no try either and is looked at again every minute.
 */
export type UploadErrorKind = 'unreachable' | 'transient' | 'permanent' | 'blocked';

export interface UploadErrorOptions extends ErrorOptions {
  /** Machine-readable, e.g. `FILE_TOO_LARGE`. */
  code: string;
  /** What happened, in a sentence, without secrets. */
  message: string;
  /** What to do about it. */
  hint?: string | undefined;
  /** @default 'permanent' */
  kind?: UploadErrorKind;
  /** How long the server wants to be left alone, in milliseconds (`Retry-After`). */
  retryAfterMs?: number | undefined;
  /** Of the file that it is about. */
  filename?: string | undefined;
  /** One for each file that was refused. */
  errors?: readonly UploadError[];
  /** Those of the same call that were saved. */
  saved?: readonly Upload[];
}

/**
 * Why a picture was not saved or not uploaded. Transports throw it, and `upload()` rejects with it. `message` and `hint` are for developers;
 * `uploadErrorText(error)` says in words for visitors what has happened, and what they can do.
 */
export class UploadError extends Error {
  override readonly name = 'UploadError';
  readonly code: string;
  readonly hint: string | undefined;
  readonly kind: UploadErrorKind;
  readonly retryAfterMs: number | undefined;
  /** Of the file that it is about; `undefined` for several, and for a Blob without a name. */
  readonly filename: string | undefined;
  /** What `upload()` rejects with has one for each file that was refused, also if that is only one; all others have none. */
  readonly errors: readonly UploadError[];
  /** What `upload()` rejects with has those of the same call that were saved, in the order in which they were picked. */
  readonly saved: readonly Upload[];

  constructor({ code, message, hint, kind = 'permanent', retryAfterMs, ...options }: UploadErrorOptions) {
    const { filename, errors = [], saved = [], ...cause } = options;
    super(message, cause);
    this.code = code;
    this.hint = hint;
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
    this.filename = filename;
    this.errors = errors;
    this.saved = saved;
  }
}

/** What a transport has thrown, as an UploadError. A `TypeError` is what `fetch` throws when nothing answers. */
export function toUploadError(error: unknown): UploadError {
  if (error instanceof UploadError) return error;
  if (error instanceof ImageCacheRequestError) return fromRequestError(error);
  // A signed URL in a message of the app's own would be a secret in the page's storage.
  const text = error instanceof Error ? error.message.replace(/\?\S*/g, '?…').slice(0, 500) : 'The transport failed.';
  if (error instanceof TypeError) return new UploadError({ code: 'UNREACHABLE', message: text, kind: 'unreachable' });
  return new UploadError({ code: 'TRANSPORT_FAILED', message: text, kind: 'transient' });
}

function fromRequestError({ code, status, detail, hint }: ImageCacheRequestError): UploadError {
  return new UploadError({ code, message: detail, hint, kind: kindOf(code, status) });
}

/** Codes with which the server says that somebody must act, whatever the status. */
const BLOCKING = new Set([
  'NOT_CONFIGURED',
  'UPLOADS_OFF',
  'OTHER_PROJECT',
  'OTHER_OWNER',
  'PROJECT_MISSING',
  'METHOD_NOT_ALLOWED',
]);

/** What an answer of our server means for the queue. */
export function kindOf(code: string, status: number): UploadErrorKind {
  if (BLOCKING.has(code) || status === 401 || status === 403 || status === 507) return 'blocked';
  // A page where the API should be is no outage.
  if (code === 'UNREACHABLE') return status !== 0 && status < 500 ? 'blocked' : 'unreachable';
  // The bytes were changed on their way: they are sent again.
  if (code === 'UPLOAD_DIGEST' || status === 408 || status === 429 || status >= 500) return 'transient';
  return 'permanent';
}
