import type { ImageCacheError } from '../errors.ts';
import type { ErrorCode } from '../protocol.ts';
import { answeredAt, RefusedError } from './clockOffset.ts';
import { elementOf, type Asked, type ErrorAnswer } from './errorAnswer.ts';
import { expiryOf, startOf } from './expiry.ts';
import { parseRetryAfter } from './retryAfter.ts';
import { clockHint, regionLineIn, s3Hint } from './s3Hint.ts';
import { TransientError } from './transientError.ts';

/** The most bytes of an error body that are read (T40). */
export const ERROR_BODY_LIMIT = 65_536;

/** Codes of S3, R2 and MinIO that say more than their status. */
const BY_S3_CODE: Readonly<Record<string, ErrorCode>> = {
  ExpiredToken: 'UPSTREAM_EXPIRED',
  ExpiredRequest: 'UPSTREAM_EXPIRED',
  RequestExpired: 'UPSTREAM_EXPIRED',
  TokenRefreshRequired: 'UPSTREAM_EXPIRED',
  RequestInTheFuture: 'UPSTREAM_EXPIRED',
  RequestTimeTooSkewed: 'UPSTREAM_EXPIRED',
  AccessDenied: 'UPSTREAM_FORBIDDEN',
  // Both come with 400, but mean that another signature may be accepted.
  AuthorizationHeaderMalformed: 'UPSTREAM_FORBIDDEN',
  AuthorizationQueryParametersError: 'UPSTREAM_FORBIDDEN',
  InvalidAccessKeyId: 'UPSTREAM_FORBIDDEN',
  InvalidObjectState: 'UPSTREAM_FORBIDDEN',
  InvalidToken: 'UPSTREAM_FORBIDDEN',
  SignatureDoesNotMatch: 'UPSTREAM_FORBIDDEN',
  NoSuchBucket: 'UPSTREAM_NOT_FOUND',
  NoSuchKey: 'UPSTREAM_NOT_FOUND',
  NoSuchVersion: 'UPSTREAM_NOT_FOUND',
  PermanentRedirect: 'UPSTREAM_REDIRECT',
  TemporaryRedirect: 'UPSTREAM_REDIRECT',
  RequestLimitExceeded: 'UPSTREAM_THROTTLED',
  ServiceUnavailable: 'UPSTREAM_THROTTLED',
  SlowDown: 'UPSTREAM_THROTTLED',
  Throttling: 'UPSTREAM_THROTTLED',
  TooManyRequests: 'UPSTREAM_THROTTLED',
};

/**
 * Makes the error for an answer other than 200. Of the body, it contains only S3's code, and a host or region if these look
 * harmless: the body quotes the request with its signature, and a hostile origin can write anything into it.
 */
export function s3Error(answer: ErrorAnswer, object: Asked): ImageCacheError {
  const { status, headers, body } = answer;
  const s3Code = elementOf(body, 'Code', /^[A-Z][A-Za-z]{2,47}$/);
  const code = codeOf(answer, s3Code, object);
  const said = s3Code === undefined ? `${status}` : `${status} ${s3Code}`;
  const isEarly = code === 'UPSTREAM_FORBIDDEN' && isVague(s3Code) && isTooEarly(answer, object);
  const reason = isEarly ? whatIsEarly(object) : whatExpired(code, s3Code, object);
  const origin = `${reason === undefined ? 'The' : `${reason}: the`} origin of bucket`;
  const detail = `${origin} ${object.bucket.name} answered ${said}.`;
  const hint = isEarly ? clockHint(object) : s3Hint(code, s3Code, answer, object);

  if (code === 'UPSTREAM_THROTTLED') {
    return new TransientError(code, detail, { hint, retryAfterMs: parseRetryAfter(headers) });
  }
  // S3's RequestTimeout comes with 400, but means that the request took too long.
  const passing = code === 'UPSTREAM_ERROR' && (status >= 500 || s3Code === 'RequestTimeout');
  return passing
    ? new TransientError(code, detail, { hint })
    : new RefusedError(code, detail, {
        hint,
        fix: regionLineIn(hint),
        answeredAt: answeredAt(headers),
        mayPass: !object.signed && OF_CREDENTIALS.has(s3Code ?? ''),
      });
}

/** Our credentials have expired or were replaced. Those that follow may be good. */
const OF_CREDENTIALS: ReadonlySet<string> = new Set([
  'ExpiredToken',
  'InvalidAccessKeyId',
  'InvalidToken',
  'TokenRefreshRequired',
]);

/** Says what has expired, because most origins only answer AccessDenied. A wrong clock is not reported here. */
function whatExpired(code: ErrorCode, s3Code: string | undefined, { signed }: Asked): string | undefined {
  if (code !== 'UPSTREAM_EXPIRED' || !signed || s3Code === 'RequestTimeTooSkewed') return undefined;
  return s3Code === 'ExpiredToken' || s3Code === 'TokenRefreshRequired'
    ? 'The credentials that signed the URL have expired'
    : 'The signature of the URL has expired';
}

function codeOf(answer: ErrorAnswer, s3Code: string | undefined, object: Asked): ErrorCode {
  const { status } = answer;
  if (status >= 300 && status < 400) return 'UPSTREAM_REDIRECT';
  const byS3Code = s3Code !== undefined && Object.hasOwn(BY_S3_CODE, s3Code) ? BY_S3_CODE[s3Code] : undefined;
  const code = byS3Code ?? codeOfStatus(status);
  return code === 'UPSTREAM_FORBIDDEN' && isVague(s3Code) && hasExpired(answer, object) ? 'UPSTREAM_EXPIRED' : code;
}

/** Whether the code is one that origins use for many reasons. The last one is from Azure. */
function isVague(s3Code: string | undefined): boolean {
  return s3Code === undefined || s3Code === 'AccessDenied' || s3Code === 'AuthenticationFailed';
}

/** S3 and MinIO say so in words. For other origins, the beginning in the URL is compared with the origin's clock. */
function isTooEarly({ headers, body }: ErrorAnswer, { asAsked }: Asked): boolean {
  if (/Request is not (?:yet valid|valid yet)/.test(body)) return true;
  const start = asAsked === undefined ? undefined : startOf(asAsked.search);
  return start !== undefined && Date.parse(headers.date ?? '') < start;
}

function whatIsEarly({ signed }: Asked): string {
  return `The ${signed ? 'URL' : 'request'} was signed for a later time`;
}

/** S3 and MinIO say so in words. For other origins, the expiry in the URL is compared with the origin's clock. */
function hasExpired({ headers, body }: ErrorAnswer, { asAsked }: Asked): boolean {
  if (body.includes('Request has expired')) return true;
  const expiry = asAsked === undefined ? undefined : expiryOf(asAsked.search);
  return expiry !== undefined && Date.parse(headers.date ?? '') > expiry;
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'UPSTREAM_FORBIDDEN';
  if (status === 404 || status === 410) return 'UPSTREAM_NOT_FOUND';
  if (status === 429 || status === 503) return 'UPSTREAM_THROTTLED';
  return 'UPSTREAM_ERROR';
}
