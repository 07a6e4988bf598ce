import type { IncomingHttpHeaders } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import type { ErrorCode } from '../protocol.ts';
import { parseAmzDate } from './amzDate.ts';
import type { HttpRequest } from './httpClient.ts';

/**
 * A smaller offset cannot be the reason for a refusal, because S3 tolerates 15 minutes. The AWS SDK also corrects its clock from
 * this offset on.
 */
const SKEW_MS = 240_000;

/** A request was refused, another attempt cannot help, and the origin said at which time it answered. */
export class RefusedError extends ImageCacheError {
  /** By the clock of the origin, in milliseconds since the epoch; `NaN` if it did not say. */
  readonly answeredAt: number;

  constructor(
    code: ErrorCode,
    detail: string,
    options: { hint: string; fix?: string | undefined; answeredAt: number; mayPass?: boolean },
  ) {
    super(code, detail, options);
    this.answeredAt = options.answeredAt;
  }
}

/** When an answer was given, by the clock of the origin; `NaN` if it does not say so, or comes from a cache. */
export function answeredAt({ date = '', age }: IncomingHttpHeaders): number {
  return age === undefined ? Date.parse(date) : Number.NaN;
}

/**
 * How far our clock is behind that of the origin, in milliseconds, if that is why a request that we signed was refused. `undefined`
 * if the clock is not the reason, or if the request was signed elsewhere, which means that its date is in the URL.
 */
export function clockOffset({ headers }: HttpRequest, error: unknown): number | undefined {
  // With any other answer, the origin has accepted the signature.
  if (!(error instanceof RefusedError) || !['UPSTREAM_EXPIRED', 'UPSTREAM_FORBIDDEN'].includes(error.code))
    return undefined;
  const skew = Math.abs(error.answeredAt - parseAmzDate(headers['x-amz-date'] ?? ''));
  return skew >= SKEW_MS ? error.answeredAt - Date.now() : undefined;
}
