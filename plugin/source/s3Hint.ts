import type { IncomingHttpHeaders } from 'node:http';
import type { ErrorCode } from '../protocol.ts';
import { elementOf, type Asked, type ErrorAnswer } from './errorAnswer.ts';
import { wantsHttps, wrongSchemeHint } from './wrongScheme.ts';

/** What to do about an answer that is not the image. Names credentials by where they are from, never by what they are. */
export function s3Hint(code: ErrorCode, s3Code: string | undefined, answer: ErrorAnswer, object: Asked): string {
  const { status, headers, body } = answer;
  const { bucket, signed, asAsked } = object;
  const region = regionOf(headers, body);
  const { endpoint } = bucket;
  if (endpoint !== undefined && wantsHttps(status, body)) return wrongSchemeHint(endpoint.origin);
  if (s3Code === 'RequestTimeTooSkewed') return clockHint(object);
  if (s3Code === 'InvalidObjectState') return 'The object is archived: restore it first.';
  if (s3Code === 'InvalidAccessKeyId') return unknownKeyHint(object);
  if (s3Code === 'SignatureDoesNotMatch') {
    return signed
      ? 'The URL was changed after it was signed, or signed with a wrong secret, region or host. Pass it on exactly as the signer made it.'
      : 'The secret key, the region or `forcePathStyle` of the bucket is wrong.';
  }
  if (s3Code === 'AuthorizationQueryParametersError') {
    return 'A parameter of the signature is missing or malformed. Pass the URL on exactly as the signer made it.';
  }
  if (s3Code === 'AuthorizationHeaderMalformed' && region !== undefined) return regionHint(region, signed);
  if (s3Code === undefined && code !== 'UPSTREAM_EXPIRED' && isForeignPage(answer, object)) {
    return 'An HTML page, which S3 does not send: a proxy, the login page of a network, or a server that is no S3 answers in its place. Check the host and the port, and that an S3 server listens there.';
  }
  switch (code) {
    case 'UPSTREAM_EXPIRED':
      return signed
        ? 'Ask for a newly signed URL; in React, `refreshUrl` does.'
        : 'The credentials have expired: sign in again.';
    case 'UPSTREAM_FORBIDDEN':
      if (!signed && asAsked !== undefined) return withoutCredentialsHint(bucket.name);
      return signed
        ? 'Whoever signed the URL may not read the object, or it was signed for another bucket or method.'
        : 'The credentials need s3:GetObject for the object; without s3:ListBucket, S3 says the same of an object that is not there.';
    case 'UPSTREAM_NOT_FOUND':
      if (s3Code === 'NoSuchBucket') return endpointHint(bucket.endpoint);
      return 'Check the key: S3 tells upper from lower case, and a `+` or a blank in a name must be percent-encoded.';
    case 'UPSTREAM_REDIRECT':
      if (region !== undefined) return regionHint(region, signed);
      return redirectHint(elementOf(body, 'Endpoint', /^[a-z0-9.-]{1,253}$/));
    case 'UPSTREAM_THROTTLED':
      return 'It is asked again by itself; a lower `concurrency` asks less at a time.';
    default:
      if (region !== undefined) return regionHint(region, signed);
      return 'Open the URL with `curl -i` to see the whole answer; the status page of the provider tells of an outage.';
  }
}

/** Of a CDN, or with a parameter that S3 does not know. */
function withoutCredentialsHint(bucket: string): string {
  return `The URL carries no signature that is known here, and was asked for as it is, without credentials: it is one of a CDN, or has parameters. Have it signed, or ask for s3://${bucket}/<key>.`;
}

/** Which clock to look at. */
export function clockHint({ signed }: Asked): string {
  return signed
    ? 'Set the clock of the machine that signed the URL, or that of the server: they differ.'
    : 'Set the clock of this machine, or that of the server: they differ.';
}

/** CDNs have pages of their own for what is not there. */
function isForeignPage({ status, headers }: ErrorAnswer, { bucket, asAsked }: Asked): boolean {
  const isCdn = asAsked !== undefined && bucket.cdn.includes(asAsked.host);
  return /^text\/html\b/i.test(headers['content-type'] ?? '') && !(isCdn && status === 404);
}

function unknownKeyHint({ bucket, signed }: Asked): string {
  const unknown = `is unknown to ${bucket.endpoint?.host ?? 'AWS'}`;
  if (signed) return `The access key that signed the URL ${unknown}: whoever signs it needs one of that server.`;
  return bucket.credentials === undefined
    ? `The access key that the AWS provider chain found ${unknown}: set \`credentials\` of the bucket, or another AWS_PROFILE or AWS_ACCESS_KEY_ID.`
    : `The access key of the option \`credentials\` of the bucket ${unknown}: check \`accessKeyId\` (a temporary one needs its \`sessionToken\`) and the endpoint.`;
}

function endpointHint(endpoint: URL | undefined): string {
  if (endpoint === undefined) return 'Check the name of the bucket, and whose account the credentials are of.';
  if (endpoint.hostname.endsWith('.r2.cloudflarestorage.com')) {
    return 'R2: check the account in the endpoint; a bucket with a jurisdiction has its own endpoint (….eu.r2.cloudflarestorage.com).';
  }
  return 'Check the name of the bucket, its endpoint and `forcePathStyle`.';
}

/** Of another region than the request was signed for: AWS redirects, or says that the signature is malformed. */
function regionHint(region: string, signed: boolean): string {
  return signed
    ? `The bucket is in ${region}: have the URL signed for that region.`
    : `The bucket is in ${region}: set its \`region\` to '${region}'.`;
}

function redirectHint(endpoint: string | undefined): string {
  const hint = 'Redirects are not followed.';
  return endpoint === undefined ? hint : `${hint} The bucket says it is at ${endpoint}: sign for that host.`;
}

function regionOf(headers: IncomingHttpHeaders, body: string): string | undefined {
  const region = headers['x-amz-bucket-region'];
  if (typeof region === 'string') return REGION.test(region) ? region : undefined;
  return elementOf(body, 'Region', REGION);
}

const REGION = /^[a-z]{2,8}(?:-[a-z]{2,12}){1,3}-\d{1,2}$/;
