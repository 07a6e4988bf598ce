import type { GetObjectCommandInput, S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { ImageCacheError } from '../errors.ts';
import type { ResolvedBucket } from '../options.ts';
import type { S3Object } from './s3Object.ts';

/** The part that we need of what the SDK gives to its HTTP handler. */
export interface SdkRequest {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query: Record<string, string | string[] | null>;
  headers: Record<string, string>;
}

/**
 * The signed `GetObject` that the SDK would send for the object. It is not sent.
 * @throws the SDK's error when it finds no credentials, region or endpoint
 */
export async function requestBySdk(client: S3Client, object: S3Object): Promise<SdkRequest> {
  const { GetObjectCommand } = await import('@aws-sdk/client-s3');
  let signed: unknown;
  const command = new GetObjectCommand(inputOf(object));
  command.middlewareStack.add(
    () => async (args) => {
      signed = args.request;
      return { response: {}, output: { $metadata: {} } };
    },
    // This step comes after signing, and before an answer is needed.
    { name: 'keepSignedRequest', step: 'deserialize', priority: 'high' },
  );
  await client.send(command);
  if (!isSdkRequest(signed)) throw new ImageCacheError('INTERNAL', 'The AWS SDK made no request.');
  return signed;
}

export function configOf({ region, endpoint, forcePathStyle, credentials }: ResolvedBucket): S3ClientConfig {
  const effectiveRegion = region ?? (endpoint === undefined ? undefined : 'us-east-1');
  return {
    forcePathStyle,
    maxAttempts: 1,
    // R2 and MinIO refuse the checksums that newer SDKs ask for by default.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(effectiveRegion !== undefined && { region: effectiveRegion }),
    ...(endpoint !== undefined && { endpoint: endpoint.href }),
    ...(credentials !== undefined && { credentials }),
  };
}

/** The input of `GetObject`. Parameters that only change headers of the answer (`response-*`) are not sent. */
function inputOf({ bucket, objectKey, versionId }: S3Object): GetObjectCommandInput {
  const input: GetObjectCommandInput = { Bucket: bucket.name, Key: objectKey };
  // S3 sends a checksum only if the request asks for it; other servers refuse such a request, or ignore it.
  if (bucket.endpoint === undefined) input.ChecksumMode = 'ENABLED';
  if (versionId !== undefined) input.VersionId = versionId;
  return input;
}

/** Whether it is what the SDK hands to its HTTP handler. */
export function isSdkRequest(value: unknown): value is SdkRequest {
  return typeof value === 'object' && value !== null && 'hostname' in value && 'headers' in value && 'query' in value;
}
