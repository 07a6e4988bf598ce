import type { S3Client } from '@aws-sdk/client-s3';
import { ImageCacheError } from '../errors.ts';
import type { ResolvedBucket } from '../options.ts';
import { type RequestTemplate, templateOf } from './requestTemplate.ts';
import { percentEncode } from './rfc3986.ts';
import type { S3Object } from './s3Object.ts';
import { configOf, requestBySdk, type SdkRequest } from './sdkRequest.ts';
import type { WireRequest } from './wire.ts';

/** Makes requests with the developer's credentials. */
interface S3Signer {
  /** A signed `GetObject` for the object. @throws ImageCacheError UPSTREAM_FORBIDDEN, UPSTREAM_ERROR */
  sign(object: S3Object): Promise<WireRequest>;
  /** Signs from now on, for the server of the bucket, as if our clock showed so many milliseconds more. */
  correctClock(bucket: ResolvedBucket, offsetMs: number): void;
  close(): void;
}

/**
 * The AWS SDK finds credentials, region and endpoint, and makes the first request of each bucket; those that follow are
 * made like it (see {@link templateOf}), and all are sent like any other. The SDK's own HTTP handler is not used: it has no limit on a
 * stalled body and none on the body of an error. The SDK is imported at the first call: it costs a start of Vite more than all
 * the rest of this package.
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
        return toWireRequest(await signed(object));
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

/** Buckets of one server have its clock. */
function serverOf({ endpoint }: ResolvedBucket): string {
  return endpoint?.origin ?? 'AWS';
}

function toWireRequest({ protocol, hostname, port, path, query, headers }: SdkRequest): WireRequest {
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

function signingError(error: unknown, bucket: ResolvedBucket): ImageCacheError {
  if (error instanceof ImageCacheError) return error;
  const name = error instanceof Error ? error.name : '';
  if (name.includes('Credentials') || name.includes('Token')) {
    return new ImageCacheError('UPSTREAM_FORBIDDEN', `There are no credentials to read bucket ${bucket.name} with.`, {
      hint: hintForCredentials(process.env['AWS_PROFILE']),
      cause: error,
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

/** The SDK's own message is the same for all of these. */
function hintForCredentials(profile: string | undefined): string {
  if (profile !== undefined && profile !== '') {
    return `AWS_PROFILE names the profile \`${profile.slice(0, 64)}\`, which has none: \`aws configure list-profiles\` shows the profiles there are; of one of SSO, \`aws sso login\`.`;
  }
  return 'Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, sign in with `aws sso login`, set `credentials` of the bucket, or use signed URLs. Vite does not put what `.env` files hold into the environment: `loadEnv` reads it, for `credentials`.';
}
