import type { S3Client } from '@aws-sdk/client-s3';
import { ImageCacheError } from '../errors.ts';
import type { ResolvedBucket } from '../options.ts';
import { signingError, toHttpRequest } from './s3.ts';
import { configOf, isSdkRequest } from './sdkRequest.ts';
import type { HttpRequest } from './httpClient.ts';

/** What is asked about one object, or about those below a prefix. */
export type UploadOperation =
  | { method: 'HEAD' }
  | { method: 'GET'; range?: string }
  | { method: 'DELETE' }
  | { method: 'LIST'; prefix: string; after: string | undefined; atMost?: number }
  | {
      method: 'PUT';
      body: Buffer;
      contentType: string;
      /** Base64; left out for a store that does not take it. */
      sha256: string | undefined;
      /** Only if there is no object of this key yet. */
      isConditional: boolean;
      /** Whether the object says that its references are kept. */
      isCounted: boolean;
    };

/** What such an object says, as metadata. */
export const COUNTED = { name: 'image-cache-references', header: 'x-amz-meta-image-cache-references', value: 'kept' };

/** What may be shown of credentials. */
export interface FoundCredentials {
  /** Names of the AWS SDK for where they are from, e.g. `CREDENTIALS_ENV_VARS`. */
  readonly sources: readonly string[];
  /** Milliseconds since the epoch; `undefined` for those that last. */
  readonly expiresAt: number | undefined;
}

/** Signs requests that write, or look at what was written, with the developer's credentials. */
export interface UploadSigner {
  /** @throws ImageCacheError UPSTREAM_FORBIDDEN, UPSTREAM_ERROR */
  sign(key: string, operation: UploadOperation): Promise<HttpRequest>;
  /** Finds the credentials, and says what may be shown of them. @throws the error of the SDK's provider chain */
  findCredentials(): Promise<FoundCredentials>;
  /** Signs from now on as if our clock showed so many milliseconds more. */
  correctClock(offsetMs: number): void;
  close(): void;
}

/** A picture never changes: its key is its digest. */
const CACHE_CONTROL = 'max-age=31536000, immutable';

/** The SDK, which is imported at the first call, makes and signs each request, and sends none (see `s3.ts`). */
export function createUploadSigner(bucket: ResolvedBucket): UploadSigner {
  let client: S3Client | undefined;
  let offset = 0;

  async function connect(): Promise<S3Client> {
    const { S3Client } = await import('@aws-sdk/client-s3');
    return (client ??= keepRequests(new S3Client(configOf(bucket))));
  }

  async function signed(key: string, operation: UploadOperation): Promise<unknown> {
    const { DeleteObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand } =
      await import('@aws-sdk/client-s3');
    const client = await connect();
    client.config.systemClockOffset = offset;
    const object = { Bucket: bucket.name, Key: key };
    if (operation.method === 'GET') {
      const { range } = operation;
      return client.send(new GetObjectCommand({ ...object, ...(range !== undefined && { Range: range }) }));
    }
    if (operation.method === 'HEAD') return client.send(new HeadObjectCommand({ ...object, ChecksumMode: 'ENABLED' }));
    if (operation.method === 'DELETE') return client.send(new DeleteObjectCommand(object));
    if (operation.method === 'LIST') {
      const { prefix, after, atMost } = operation;
      return client.send(
        new ListObjectsV2Command({
          Bucket: bucket.name,
          Prefix: prefix,
          ...(after !== undefined && { StartAfter: after }),
          ...(atMost !== undefined && { MaxKeys: atMost }),
        }),
      );
    }
    const { body, contentType, sha256, isConditional, isCounted } = operation;
    return client.send(
      new PutObjectCommand({
        ...object,
        Body: body,
        ContentLength: body.length,
        ContentType: contentType,
        ...(body.length > 0 && { CacheControl: CACHE_CONTROL }),
        ...(isCounted && { Metadata: { [COUNTED.name]: COUNTED.value } }),
        ...(sha256 !== undefined && { ChecksumSHA256: sha256 }),
        ...(isConditional && { IfNoneMatch: '*' }),
      }),
    );
  }

  return {
    async sign(key, operation) {
      try {
        const output = await signed(key, operation);
        const request =
          typeof output === 'object' && output !== null && 'request' in output ? output.request : undefined;
        if (!isSdkRequest(request)) throw new ImageCacheError('INTERNAL', 'The AWS SDK made no request.');
        const { headers, ...rest } = toHttpRequest(request);
        // Not signed: whether the server wants the body is seen by its answer.
        const { expect: _, Expect: __, ...others } = headers;
        return {
          ...rest,
          method: operation.method === 'LIST' ? 'GET' : operation.method,
          headers: others,
          ...('body' in operation && { body: operation.body }),
        };
      } catch (error) {
        throw signingError(error, bucket);
      }
    },
    async findCredentials() {
      const { config } = await connect();
      const found = await config.credentials();
      const sources = '$source' in found ? Object.keys(found.$source ?? {}) : [];
      return { sources, expiresAt: found.expiration?.getTime() };
    },
    correctClock(offsetMs) {
      offset = offsetMs;
    },
    close() {
      client?.destroy();
      client = undefined;
    },
  };
}

/** Makes a client answer with the signed request, in place of sending it. */
function keepRequests(client: S3Client): S3Client {
  client.middlewareStack.add(
    () => async (args) => ({ response: {}, output: { $metadata: {}, request: args.request } }),
    // After signing, and before anything looks at an answer.
    { name: 'keepSignedRequest', step: 'deserialize', priority: 'high' },
  );
  return client;
}
