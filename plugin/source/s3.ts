import type { GetObjectCommandInput, S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import { ImageCacheError } from '../errors.ts';
import type { ResolvedBucket } from '../options.ts';
import type { Override } from './query.ts';
import { percentEncode } from './rfc3986.ts';
import type { S3Object } from './s3Object.ts';
import type { WireRequest } from './wire.ts';

/** Makes requests with the developer's credentials. */
interface S3Signer {
  /** A signed `GetObject` for the object. @throws ImageCacheError UPSTREAM_FORBIDDEN, UPSTREAM_ERROR */
  sign(object: S3Object): Promise<WireRequest>;
  close(): void;
}

/**
 * The AWS SDK finds credentials, region and endpoint, and signs; the request it has made is then sent like any
 * other. Its own HTTP handler is not used: it has no limit on a stalled body and none on the body of an error.
 * The SDK is imported at the first call: it costs a start of Vite more than all the rest of this package.
 */
export function createS3Signer(): S3Signer {
  const clients = new Map<ResolvedBucket, S3Client>();

  return {
    async sign(object) {
      const { GetObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
      let client = clients.get(object.bucket);
      if (client === undefined) {
        client = new S3Client(configOf(object.bucket));
        clients.set(object.bucket, client);
      }

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
      try {
        await client.send(command);
      } catch (error) {
        throw signingError(error, object.bucket);
      }
      return toWireRequest(signed);
    },
    close() {
      for (const client of clients.values()) client.destroy();
      clients.clear();
    },
  };
}

function configOf({ region, endpoint, forcePathStyle, credentials }: ResolvedBucket): S3ClientConfig {
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

const OVERRIDE_INPUT = {
  'response-cache-control': 'ResponseCacheControl',
  'response-content-disposition': 'ResponseContentDisposition',
  'response-content-encoding': 'ResponseContentEncoding',
  'response-content-language': 'ResponseContentLanguage',
  'response-content-type': 'ResponseContentType',
} as const satisfies Partial<Record<Override, keyof GetObjectCommandInput>>;

function inputOf({ bucket, objectKey, versionId, overrides }: S3Object): GetObjectCommandInput {
  const input: GetObjectCommandInput = { Bucket: bucket.name, Key: objectKey };
  // S3 tells a checksum only when asked; others refuse the question, or do not know it.
  if (bucket.endpoint === undefined) input.ChecksumMode = 'ENABLED';
  if (versionId !== undefined) input.VersionId = versionId;
  for (const [name, member] of Object.entries(OVERRIDE_INPUT)) {
    // Object.entries widens its keys; these are the table's own.
    const value = overrides[name as keyof typeof OVERRIDE_INPUT];
    if (value !== undefined) input[member] = value;
  }
  const expires = Date.parse(overrides['response-expires'] ?? '');
  if (Number.isFinite(expires)) input.ResponseExpires = new Date(expires);
  return input;
}

/** What the SDK hands to its HTTP handler, as far as it is read here. */
interface SignedRequest {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query: Record<string, string | string[] | null>;
  headers: Record<string, string>;
}

function isSignedRequest(value: unknown): value is SignedRequest {
  return typeof value === 'object' && value !== null && 'hostname' in value && 'headers' in value && 'query' in value;
}

function toWireRequest(request: unknown): WireRequest {
  if (!isSignedRequest(request)) throw new ImageCacheError('INTERNAL', 'The AWS SDK made no request.');
  const { protocol, hostname, port, path, query, headers } = request;
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
      hint: 'Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, sign in with `aws sso login`, set `credentials` of the bucket, or use signed URLs.',
      cause: error,
    });
  }
  return new ImageCacheError('UPSTREAM_ERROR', `No request for bucket ${bucket.name} could be made.`, {
    hint:
      error instanceof Error && error.message.includes('Region')
        ? 'Set `region` of the bucket, or AWS_REGION.'
        : 'Check the region, the endpoint and the credentials of the bucket.',
    cause: error,
  });
}
