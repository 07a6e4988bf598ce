import type { S3Client } from '@aws-sdk/client-s3';
import { ImageCacheError } from '../errors.ts';
import type { ResolvedBucket } from '../options.ts';
import { type RequestTemplate, templateOf } from './requestTemplate.ts';
import { percentEncode } from './rfc3986.ts';
import type { S3Object } from './s3Object.ts';
import { configOf, requestBySdk, type SdkRequest } from './sdkRequest.ts';
import type { HttpRequest } from './httpClient.ts';

/** Makes requests with the developer's credentials. */
interface S3Signer {
  /** Makes a signed `GetObject` for the object. @throws ImageCacheError UPSTREAM_FORBIDDEN, UPSTREAM_ERROR */
  sign(object: S3Object): Promise<HttpRequest>;
  /** From now on, signs requests to the server of the bucket with a time that is this much later. */
  correctClock(bucket: ResolvedBucket, offsetMs: number): void;
  close(): void;
}

/**
 * Creates a signer. The AWS SDK finds credentials, region and endpoint, and makes the first request for each bucket; later requests
 * use it as a template (see {@link templateOf}). All are sent by our own HTTP client, because the SDK's has no limit for a stalled
 * body and none for the body of an error. The SDK is imported at the first call, because importing it takes longer than all the
 * rest of this package.
 */
export function createS3Signer(): S3Signer {
  const buckets = new Map<ResolvedBucket, { client: S3Client; template?: RequestTemplate | undefined }>();
  const offsets = new Map<string, number>();

  const signed = async (object: S3Object): Promise<SdkRequest> => {
    const { S3Client } = await import('@aws-sdk/client-s3');
    let known = buckets.get(object.bucket);
    if (known === undefined) buckets.set(object.bucket, (known = { client: new S3Client(configOf(object.bucket)) }));
    const offset = offsets.get(serverOf(object.bucket)) ?? 0;
    known.client.config.systemClockOffset = offset;
    if (object.versionId !== undefined) return requestBySdk(known.client, object);
    if (known.template !== undefined) return known.template(object.objectKey, new Date(Date.now() + offset));
    const request = await requestBySdk(known.client, object);
    known.template ??= await templateOf(request, object.objectKey, known.client.config);
    return request;
  };

  return {
    async sign(object) {
      try {
        return toHttpRequest(await signed(object));
      } catch (error) {
        throw signingError(error, object.bucket);
      }
    },
    correctClock(bucket, offsetMs) {
      offsets.set(serverOf(bucket), offsetMs);
    },
    close() {
      for (const { client } of buckets.values()) client.destroy();
      buckets.clear();
    },
  };
}

/** The server of a bucket. All buckets of one server have the same clock. */
function serverOf({ endpoint }: ResolvedBucket): string {
  return endpoint?.origin ?? 'AWS';
}

/** The request as it goes out. */
export function toHttpRequest({ protocol, hostname, port, path, query, headers }: SdkRequest): HttpRequest {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value ?? '']).map((each) => `${percentEncode(name)}=${percentEncode(each)}`),
  );
  return {
    protocol: protocol === 'http:' ? 'http:' : 'https:',
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port,
    path: pairs.length === 0 ? path : `${path}?${pairs.join('&')}`,
    headers,
  };
}

/** Why no request could be signed. */
export function signingError(error: unknown, bucket: ResolvedBucket): ImageCacheError {
  if (error instanceof ImageCacheError) return error;
  const name = error instanceof Error ? error.name : '';
  if (name.includes('Credentials') || name.includes('Token')) {
    return new ImageCacheError('UPSTREAM_FORBIDDEN', `There are no credentials for bucket ${bucket.name}.`, {
      hint: hintForCredentials(process.env['AWS_PROFILE']),
      cause: error,
      mayPass: true,
    });
  }
  return new ImageCacheError('UPSTREAM_ERROR', `No request for bucket ${bucket.name} could be made.`, {
    hint:
      error instanceof Error && error.message.includes('Region')
        ? 'Set `region` of the bucket, or AWS_REGION. If the bucket is not at AWS (but at MinIO, R2 …), set its `endpoint`.'
        : 'Check the region, the endpoint and the credentials of the bucket.',
    cause: error,
  });
}

/** These hints are needed because the SDK's own message is the same in all of these cases. */
function hintForCredentials(profile: string | undefined): string {
  if (profile !== undefined && profile !== '') {
    return `The profile \`${profile.slice(0, 64)}\` in AWS_PROFILE has none. \`aws configure list-profiles\` lists all profiles; if it uses SSO, run \`aws sso login\`.`;
  }
  return 'Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, sign in with `aws sso login`, set `credentials` of the bucket, or use signed URLs. Vite does not put the values of `.env` files into the environment: read them with `loadEnv`, and pass them as `credentials`.';
}
