import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { canonicalRequest } from './canonicalRequest.ts';
import { S3Error } from './errors.ts';
import { header, type S3Request } from './request.ts';

/** AWS Signature Version 4. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html */
const ALGORITHM = 'AWS4-HMAC-SHA256';
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';

const MAX_CLOCK_SKEW_MS = 15 * 60_000;
const MAX_EXPIRES_S = 7 * 24 * 60 * 60;

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
}

export interface Verifier {
  credentials: Credentials;
  region: string;
  now: () => number;
}

/** The part of a verified signature that concerns the body. */
export interface Authorization {
  /** `x-amz-content-sha256`: a digest, `UNSIGNED-PAYLOAD` or `STREAMING-…`. */
  payloadHash: string;
  /** The signature that the first chunk's signature includes. */
  signature: string;
  /** Signs further lines with the same key, date and scope, for each chunk. */
  sign(algorithm: string, ...lines: string[]): string;
}

/** The parameters of a signature, from the header or from the query. */
interface Claims {
  credential: string;
  date: string;
  signedHeaders: string[];
  signature: string;
  payloadHash: string;
}

/**
 * Checks the signature of a request, from its header or its query. Session tokens are part of the signature, but every token is
 * accepted as valid.
 * @throws S3Error AccessDenied, InvalidAccessKeyId, SignatureDoesNotMatch, RequestTimeTooSkewed, …
 */
export function authenticate(request: S3Request, verifier: Verifier): Authorization {
  const authorization = header(request, 'authorization');
  const presigned = request.query.has('X-Amz-Algorithm');
  if (authorization !== undefined && presigned) {
    throw new S3Error('InvalidArgument', { message: 'Only one auth mechanism allowed' });
  }
  if (authorization === undefined && !presigned) {
    throw request.query.has('Signature') ? unsupportedMechanism() : new S3Error('AccessDenied');
  }

  const now = verifier.now();
  const claims = authorization === undefined ? queryClaims(request, now) : headerClaims(request, authorization, now);
  const scope = checkScope(claims, verifier);
  checkSignedHeaders(request, claims.signedHeaders);

  const [day = '', region = '', service = '', terminator = ''] = scope.split('/');
  const key = [day, region, service, terminator].reduce<string | Buffer>(
    hmac,
    `AWS4${verifier.credentials.secretAccessKey}`,
  );
  const sign = (algorithm: string, ...lines: string[]): string =>
    hmac(key, [algorithm, claims.date, scope, ...lines].join('\n')).toString('hex');

  const canonical = canonicalRequest(request, claims.signedHeaders, claims.payloadHash);
  if (!isSameSignature(claims.signature, sign(ALGORITHM, sha256(canonical)))) {
    throw new S3Error('SignatureDoesNotMatch', {
      fields: {
        AWSAccessKeyId: verifier.credentials.accessKeyId,
        StringToSign: [ALGORITHM, claims.date, scope, sha256(canonical)].join('\n'),
        SignatureProvided: claims.signature,
        CanonicalRequest: canonical,
      },
    });
  }
  return { payloadHash: claims.payloadHash, signature: claims.signature, sign };
}

/** Compares in constant time, so that a signature cannot be guessed digit by digit. */
export function isSameSignature(provided: string, expected: string): boolean {
  const [left, right] = [Buffer.from(provided), Buffer.from(expected)];
  return left.length === right.length && timingSafeEqual(left, right);
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function headerClaims(request: S3Request, authorization: string, now: number): Claims {
  if (!authorization.startsWith(`${ALGORITHM} `)) throw unsupportedMechanism();
  const fields = new Map(
    authorization
      .slice(ALGORITHM.length)
      .split(',')
      .map((field) => field.trim().split(/=(.*)/s, 2) as [name: string, value: string]), // Map ignores what is missing
  );
  const [credential, signedHeaders, signature] = ['Credential', 'SignedHeaders', 'Signature'].map((name) =>
    fields.get(name),
  );
  if (!credential || !signedHeaders || !signature) throw new S3Error('AuthorizationHeaderMalformed');

  const date = header(request, 'x-amz-date') ?? '';
  const signedAt = parseDate(date);
  if (signedAt === undefined) {
    const message = 'AWS authentication requires a valid Date or x-amz-date header';
    throw new S3Error('AccessDenied', { message });
  }
  if (Math.abs(now - signedAt) > MAX_CLOCK_SKEW_MS) {
    throw new S3Error('RequestTimeTooSkewed', {
      fields: { RequestTime: date, ServerTime: toIsoSeconds(now), MaxAllowedSkewMilliseconds: MAX_CLOCK_SKEW_MS },
    });
  }
  const payloadHash = header(request, 'x-amz-content-sha256');
  if (payloadHash === undefined) {
    throw new S3Error('InvalidRequest', { message: 'Missing required header for this request: x-amz-content-sha256' });
  }
  return { credential, date, signedHeaders: signedHeaders.split(';'), signature, payloadHash };
}

function queryClaims(request: S3Request, now: number): Claims {
  const [algorithm, credential, date, expires, signedHeaders, signature] = [
    'X-Amz-Algorithm',
    'X-Amz-Credential',
    'X-Amz-Date',
    'X-Amz-Expires',
    'X-Amz-SignedHeaders',
    'X-Amz-Signature',
  ].map((name) => request.query.get(name) ?? '');
  if (algorithm !== ALGORITHM || !credential || !date || !expires || !signedHeaders || !signature) {
    throw new S3Error('AuthorizationQueryParametersError');
  }
  const signedAt = parseDate(date);
  const seconds = /^\d{1,9}$/.test(expires) ? Number(expires) : Number.NaN;
  if (signedAt === undefined || !(seconds >= 1 && seconds <= MAX_EXPIRES_S)) {
    const message =
      signedAt === undefined
        ? "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
        : `X-Amz-Expires must be between 1 and ${MAX_EXPIRES_S} (a week), in seconds`;
    throw new S3Error('AuthorizationQueryParametersError', { message });
  }
  if (signedAt - now > MAX_CLOCK_SKEW_MS) throw new S3Error('AccessDenied', { message: 'Request is not valid yet' });
  const expiresAt = signedAt + seconds * 1000;
  if (now > expiresAt) throw expired(seconds, expiresAt, now);

  const payloadHash =
    request.query.get('X-Amz-Content-Sha256') ?? header(request, 'x-amz-content-sha256') ?? UNSIGNED_PAYLOAD;
  return { credential, date, signedHeaders: signedHeaders.split(';'), signature, payloadHash };
}

/** S3's answer to an expired presigned URL. */
export function expired(seconds: number, expiresAt: number, now: number): S3Error {
  return new S3Error('AccessDenied', {
    message: 'Request has expired',
    fields: { 'X-Amz-Expires': seconds, Expires: toIsoSeconds(expiresAt), ServerTime: toIsoSeconds(now) },
  });
}

/** The error for Signature Version 2 and others. */
function unsupportedMechanism(): S3Error {
  const message = `The authorization mechanism you have provided is not supported. Please use ${ALGORITHM}.`;
  return new S3Error('InvalidRequest', { message });
}

/** Checks and returns the scope: `date/region/s3/aws4_request`. */
function checkScope(claims: Claims, { credentials, region }: Verifier): string {
  const parts = claims.credential.split('/');
  const [day, scopeRegion, service, terminator] = parts.slice(-4);
  // Access keys may contain slashes.
  if (parts.slice(0, -4).join('/') !== credentials.accessKeyId) throw new S3Error('InvalidAccessKeyId');
  if (scopeRegion !== region) {
    throw new S3Error('AuthorizationHeaderMalformed', {
      message: `The authorization header is malformed; the region '${scopeRegion}' is wrong; expecting '${region}'`,
      fields: { Region: region },
    });
  }
  if (day !== claims.date.slice(0, 8) || service !== 's3' || terminator !== 'aws4_request') {
    throw new S3Error('AuthorizationHeaderMalformed', { message: 'Invalid credential scope' });
  }
  return parts.slice(-4).join('/');
}

// Otherwise, a client with a presigned URL could add metadata, or make the request a copy.
function checkSignedHeaders(request: S3Request, signedHeaders: readonly string[]): void {
  const unsigned = Object.keys(request.headers).filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signedHeaders.includes(name),
  );
  const notSigned = unsigned.filter((name) => name !== 'x-amz-content-sha256');
  if (notSigned.length === 0) return;
  throw new S3Error('AccessDenied', {
    message: 'There were headers present in the request which were not signed',
    fields: { HeadersNotSigned: notSigned.join(', ') },
  });
}

function hmac(key: string | Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}

function parseDate(date: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}

function toIsoSeconds(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}
