import type { IncomingHttpHeaders } from 'node:http';
import type { ErrorCode } from '../protocol.ts';
import { elementOf, type Asked, type ErrorAnswer } from './errorAnswer.ts';
import { wantsHttps, wrongSchemeHint } from './wrongScheme.ts';

/** The hint for an answer that is not the image. It says where credentials come from, but never contains them. */
export function s3Hint(code: ErrorCode, s3Code: string | undefined, answer: ErrorAnswer, object: Asked): string {
  const { status, headers, body } = answer;
  const { bucket, signed, asAsked } = object;
  const region = regionOf(headers, body);
  const { endpoint } = bucket;
  if (endpoint !== undefined && wantsHttps(status, body)) return wrongSchemeHint(endpoint.origin);
  if (s3Code === 'RequestTimeTooSkewed') return clockHint(object);
  if (s3Code === 'InvalidObjectState') return 'The object is archived: restore it first.';
  if (status >= 400 && status < 500 && OF_KMS.test(body)) return kmsHint(object);
  if (s3Code === 'InvalidAccessKeyId') return unknownKeyHint(object);
  if (s3Code === 'SignatureDoesNotMatch') {
    return signed
      ? 'The URL was changed after it was signed, or signed with a wrong secret, region or host, or for another method, e.g. for an upload (PUT). Use it exactly as it was signed.'
      : 'The secret key, the region or `forcePathStyle` of the bucket is wrong.';
  }
  if (s3Code === 'AuthorizationQueryParametersError') {
    return 'A parameter of the signature is missing or malformed. Use the URL exactly as it was signed.';
  }
  if (s3Code === 'AuthorizationHeaderMalformed' && region !== undefined) return regionHint(region, signed);
  if (s3Code === undefined && code !== 'UPSTREAM_EXPIRED' && isForeignPage(answer, object)) {
    return 'The answer is an HTML page, which S3 does not send. It is from a proxy, the login page of a network, or a server that is not S3: check the host and the port, and that an S3 server listens there.';
  }
  switch (code) {
    case 'UPSTREAM_EXPIRED':
      return signed
        ? 'Get a newly signed URL; in React, use `refreshUrl`.'
        : 'The credentials have expired: sign in again.';
    case 'UPSTREAM_FORBIDDEN':
      if (!signed && asAsked !== undefined) return withoutCredentialsHint(bucket.name);
      return signed
        ? 'The signer of the URL has no permission to read the object, or the URL was signed for another bucket or method.'
        : 'The credentials need s3:GetObject for the object. Without s3:ListBucket, S3 gives the same answer for a missing object.';
    case 'UPSTREAM_NOT_FOUND':
      if (s3Code === 'NoSuchBucket') return endpointHint(bucket.endpoint);
      return 'Check the key: S3 distinguishes upper and lower case, and a `+` or a blank in a name must be percent-encoded.';
    case 'UPSTREAM_REDIRECT':
      if (region !== undefined) return regionHint(region, signed);
      return redirectHint(elementOf(body, 'Endpoint', /^[a-z0-9.-]{1,253}$/));
    case 'UPSTREAM_THROTTLED':
      return 'The image is requested again automatically. A lower `concurrency` makes fewer requests at a time.';
    default:
      if (region !== undefined) return regionHint(region, signed);
      return 'Run `curl -i` with the URL to see the whole answer, and check the status page of the provider for an outage.';
  }
}

/** The hint for a URL of a CDN, or with a parameter that S3 does not know. */
function withoutCredentialsHint(bucket: string): string {
  return `The URL has no known signature. It was requested as it is, without credentials, because it is one of a CDN or has parameters. Use a signed URL, or s3://${bucket}/<key>.`;
}

/** What S3 says if it may not use the key that the object is encrypted with (SSE-KMS). */
const OF_KMS = /kms:Decrypt|<Code>KMS\.|AWS KMS managed keys require/;

function kmsHint({ signed }: Asked): string {
  const who = signed ? 'The signer of the URL' : 'The credentials';
  return `The object is encrypted with a key of AWS KMS. ${who} must be allowed kms:Decrypt for that key, which must be enabled; such objects also need SigV4 and https.`;
}

/** The hint that says which clock to check. */
export function clockHint({ signed }: Asked): string {
  return signed
    ? 'Set the clock of the machine that signed the URL, or that of the server: they differ.'
    : 'Set the clock of this machine, or that of the server: they differ.';
}

/** Whether the answer is a page of another server. CDNs have pages of their own for missing objects. */
function isForeignPage({ status, headers }: ErrorAnswer, { bucket, asAsked }: Asked): boolean {
  const isCdn = asAsked !== undefined && bucket.cdn.includes(asAsked.host);
  return /^text\/html\b/i.test(headers['content-type'] ?? '') && !(isCdn && status === 404);
}

function unknownKeyHint({ bucket, signed }: Asked): string {
  const unknown = `is unknown to ${bucket.endpoint?.host ?? 'AWS'}`;
  if (signed) return `The access key that signed the URL ${unknown}: sign it with a key of that server.`;
  return bucket.credentials === undefined
    ? `The access key that the AWS provider chain found ${unknown}: set \`credentials\` of the bucket, or another AWS_PROFILE or AWS_ACCESS_KEY_ID.`
    : `The access key of the option \`credentials\` of the bucket ${unknown}: check \`accessKeyId\` (a temporary one needs its \`sessionToken\`) and the endpoint.`;
}

function endpointHint(endpoint: URL | undefined): string {
  if (endpoint === undefined) return 'Check the name of the bucket, and the account that the credentials belong to.';
  if (endpoint.hostname.endsWith('.r2.cloudflarestorage.com')) {
    return 'R2: check the account in the endpoint; a bucket with a jurisdiction has its own endpoint (….eu.r2.cloudflarestorage.com).';
  }
  return 'Check the name of the bucket, its endpoint and `forcePathStyle`.';
}

/** The hint if the request was signed for another region: AWS redirects, or says that the signature is malformed. */
function regionHint(region: string, signed: boolean): string {
  return signed
    ? `The bucket is in ${region}: sign the URL for that region.`
    : `The bucket is in ${region}: set its \`region\` to '${region}'.`;
}

/** The line of configuration in a hint that was made by {@link regionHint}. */
export function regionLineIn(hint: string): string | undefined {
  const [, region] = /set its `region` to ('[a-z0-9-]+')/.exec(hint) ?? [];
  return region === undefined ? undefined : `region: ${region}`;
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
