import type { IncomingHttpHeaders } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import type { ErrorCode } from '../protocol.ts';
import { expiryOf } from './expiry.ts';
import { parseRetryAfter } from './retryAfter.ts';
import type { S3Object } from './s3Object.ts';
import { TransientError } from './transientError.ts';

/** More of an error body is never read (T40). */
export const ERROR_BODY_LIMIT = 65_536;

/** An answer that is not the image. */
interface ErrorAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What was read of the body. */
  readonly body: string;
}

/** What of an object it takes to explain a refusal. */
type Asked = Pick<S3Object, 'bucket' | 'signed' | 'asAsked'>;

/** S3's own codes, those of R2 and MinIO included, that say more than the status they come with. */
const BY_S3_CODE: Readonly<Record<string, ErrorCode>> = {
  ExpiredToken: 'UPSTREAM_EXPIRED',
  ExpiredRequest: 'UPSTREAM_EXPIRED',
  RequestExpired: 'UPSTREAM_EXPIRED',
  TokenRefreshRequired: 'UPSTREAM_EXPIRED',
  RequestTimeTooSkewed: 'UPSTREAM_EXPIRED',
  AccessDenied: 'UPSTREAM_FORBIDDEN',
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
 * What an answer other than 200 means. Nothing of the body is passed on but S3's code, and a host or region of
 * unsuspicious spelling: it quotes the request, signature included, and a hostile origin writes what it likes.
 */
export function s3Error(answer: ErrorAnswer, object: Asked): ImageCacheError {
  const { status, headers, body } = answer;
  const s3Code = elementOf(body, 'Code', /^[A-Z][A-Za-z]{2,47}$/);
  const code = codeOf(answer, s3Code, object);
  const said = s3Code === undefined ? `${status}` : `${status} ${s3Code}`;
  const detail = `The origin of bucket ${object.bucket.name} answered ${said}.`;
  const hint = hintOf(code, s3Code, answer, object);

  if (code === 'UPSTREAM_THROTTLED') {
    return new TransientError(code, detail, { hint, retryAfterMs: parseRetryAfter(headers) });
  }
  // S3's RequestTimeout is a 400, and means that S3 grew impatient.
  const passing = code === 'UPSTREAM_ERROR' && (status >= 500 || s3Code === 'RequestTimeout');
  return passing ? new TransientError(code, detail, { hint }) : new ImageCacheError(code, detail, { hint });
}

function codeOf(answer: ErrorAnswer, s3Code: string | undefined, object: Asked): ErrorCode {
  const { status } = answer;
  if (status >= 300 && status < 400) return 'UPSTREAM_REDIRECT';
  const byS3Code = s3Code !== undefined && Object.hasOwn(BY_S3_CODE, s3Code) ? BY_S3_CODE[s3Code] : undefined;
  const code = byS3Code ?? codeOfStatus(status);
  const vague = s3Code === undefined || s3Code === 'AccessDenied';
  return code === 'UPSTREAM_FORBIDDEN' && vague && hasExpired(answer, object) ? 'UPSTREAM_EXPIRED' : code;
}

/** S3 and MinIO say it in words; of others, the URL knows, and the origin's clock decides. */
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

function hintOf(
  code: ErrorCode,
  s3Code: string | undefined,
  { headers, body }: ErrorAnswer,
  { bucket, signed }: Asked,
): string {
  const region = regionOf(headers, body);
  if (s3Code === 'RequestTimeTooSkewed')
    return 'The clock of this machine, or of the one that signed the URL, is wrong.';
  if (s3Code === 'InvalidObjectState') return 'The object is archived: restore it first.';
  if (s3Code === 'SignatureDoesNotMatch') {
    return signed
      ? 'The URL was changed after it was signed, or signed with a wrong secret, region or host. Pass it on exactly as the signer made it.'
      : 'The secret key, the region or `forcePathStyle` of the bucket is wrong.';
  }
  switch (code) {
    case 'UPSTREAM_EXPIRED':
      return signed ? 'Ask for a newly signed URL.' : 'The credentials have expired: sign in again.';
    case 'UPSTREAM_FORBIDDEN':
      return signed
        ? 'Whoever signed the URL may not read the object, or it was signed for another bucket or method.'
        : 'The credentials need s3:GetObject for the object; without s3:ListBucket, S3 says the same of an object that is not there.';
    case 'UPSTREAM_NOT_FOUND':
      if (s3Code === 'NoSuchBucket') return endpointHint(bucket.endpoint);
      return 'Check the key: S3 tells upper from lower case, and a `+` or a blank in a name must be percent-encoded.';
    case 'UPSTREAM_REDIRECT':
      return redirectHint(region, elementOf(body, 'Endpoint', /^[a-z0-9.-]{1,253}$/));
    case 'UPSTREAM_THROTTLED':
      return 'It is asked again by itself; a lower `concurrency` asks less at a time.';
    default:
      if (region !== undefined) return redirectHint(region, undefined);
      return 'Open the URL with `curl -i` to see the whole answer; the status page of the provider tells of an outage.';
  }
}

function endpointHint(endpoint: URL | undefined): string {
  if (endpoint === undefined) return 'Check the name of the bucket, and whose account the credentials are of.';
  if (endpoint.hostname.endsWith('.r2.cloudflarestorage.com')) {
    return 'R2: check the account in the endpoint; a bucket with a jurisdiction has its own endpoint (….eu.r2.cloudflarestorage.com).';
  }
  return 'Check the name of the bucket, its endpoint and `forcePathStyle`.';
}

function redirectHint(region: string | undefined, endpoint: string | undefined): string {
  const hint = 'Redirects are not followed.';
  if (region !== undefined) return `${hint} The bucket is in ${region}: set \`region\` and sign for it.`;
  return endpoint === undefined ? hint : `${hint} The bucket says it is at ${endpoint}: sign for that host.`;
}

function regionOf(headers: IncomingHttpHeaders, body: string): string | undefined {
  const region = headers['x-amz-bucket-region'];
  if (typeof region === 'string') return REGION.test(region) ? region : undefined;
  return elementOf(body, 'Region', REGION);
}

const REGION = /^[a-z]{2,8}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/;

/**
 * The text of the first `<name>` of S3's flat error XML, when it looks as it should. Not an XML parser, and glad of
 * it: no entities, no nesting, two scans (T40).
 */
function elementOf(xml: string, name: string, expected: RegExp): string | undefined {
  const start = xml.indexOf(`<${name}>`);
  if (start === -1) return undefined;
  const from = start + name.length + 2;
  const end = xml.indexOf(`</${name}>`, from);
  const text = end === -1 ? '' : xml.slice(from, end).trim();
  return expected.test(text) ? text : undefined;
}
