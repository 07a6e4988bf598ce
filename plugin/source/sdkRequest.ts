import type { GetObjectCommandInput, S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { ImageCacheError } from '../errors.ts';
import type { ResolvedBucket } from '../options.ts';
import type { S3Object } from './s3Object.ts';

/** What the SDK hands to its HTTP handler, as far as it is read here. */
export interface SdkRequest {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query: Record<string, string | string[] | null>;
  headers: Record<string, string>;
}

/**
 * The signed `GetObject` that the SDK would send for the object; nothing is sent.
 * @throws what the SDK throws when it finds no credentials, region or endpoint
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
    // After signing, and before anything looks at an answer.
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

/** What only rewrites headers of the answer (`response-*`) is never sent: it changes nothing about the image. */
function inputOf({ bucket, objectKey, versionId }: S3Object): GetObjectCommandInput {
  const input: GetObjectCommandInput = { Bucket: bucket.name, Key: objectKey };
  // S3 tells a checksum only when asked; others refuse the question, or do not know it.
  if (bucket.endpoint === undefined) input.ChecksumMode = 'ENABLED';
  if (versionId !== undefined) input.VersionId = versionId;
  return input;
}

function isSdkRequest(value: unknown): value is SdkRequest {
  return typeof value === 'object' && value !== null && 'hostname' in value && 'headers' in value && 'query' in value;
}
