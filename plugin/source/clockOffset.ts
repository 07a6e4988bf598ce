import type { IncomingHttpHeaders } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import type { ErrorCode } from '../protocol.ts';
import { parseAmzDate } from './amzDate.ts';
import type { WireRequest } from './wire.ts';

/** Less cannot be why S3 refuses a request: it takes 15 minutes. The AWS SDK corrects its clock from here on, too. */
const SKEW_MS = 240_000;

/** A request was refused for good, and the origin said when that was. */
export class RefusedError extends ImageCacheError {
  /** By the clock of the origin, in milliseconds since the epoch; `NaN` when it did not say. */
  readonly answeredAt: number;

  constructor(code: ErrorCode, detail: string, options: { hint: string; answeredAt: number }) {
    super(code, detail, options);
    this.answeredAt = options.answeredAt;
  }
}

/** When an answer was given, by the clock of the origin; `NaN` when it does not say, or comes out of a cache. */
export function answeredAt({ date = '', age }: IncomingHttpHeaders): number {
  return age === undefined ? Date.parse(date) : Number.NaN;
}

/**
 * What our clock lacks, in milliseconds, when a request of ours was refused and had been signed at another time than the origin has.
 * `undefined` when the clock is not to blame, or the request was signed elsewhere: its date is in the URL.
 */
export function clockOffset({ headers }: WireRequest, error: unknown): number | undefined {
  // Any other answer has taken the signature for good.
  if (!(error instanceof RefusedError) || !['UPSTREAM_EXPIRED', 'UPSTREAM_FORBIDDEN'].includes(error.code))
    return undefined;
  const skew = Math.abs(error.answeredAt - parseAmzDate(headers['x-amz-date'] ?? ''));
  return skew >= SKEW_MS ? error.answeredAt - Date.now() : undefined;
}
