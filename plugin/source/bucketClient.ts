import type { IncomingMessage } from 'node:http';
import type { ResolvedOptions } from '../options.ts';
import { readErrorBody, type BodyLimits } from './body.ts';
import { clockOffset } from './clockOffset.ts';
import type { Clock } from './clock.ts';
import { createHttpClient } from './httpClient.ts';
import { ERROR_BODY_LIMIT, s3Error } from './s3Error.ts';
import type { S3Object } from './s3Object.ts';
import { createIdentify } from './s3Url.ts';
import { S3Refusal } from './uploadFailure.ts';
import { createUploadSigner, type UploadOperation } from './uploadSigner.ts';
import type { Resolve } from './vettedLookup.ts';

/** What a bucket reads of the options. */
export type S3BucketOptions = Pick<ResolvedOptions, 'buckets' | 'allowPrivateAddresses' | 'timeouts'>;

/** Two pictures at a time are sent (see `uploads/drainer.ts`); beside them, small objects are written, listed and removed. */
const SOCKETS = { concurrency: 3, maxConcurrency: 3 };

/** Asks a bucket about one object at a time, with the developer's credentials. */
export interface BucketClient {
  objectOf(key: string): S3Object;
  /**
   * @param ensureTimely called when the request has been signed, right before it is sent. With it, a request that is refused because of its time is
   * not signed again.
   * @returns what `read` makes of an answer of success
   * @throws UploadFailure, an S3Refusal for an answer of another kind
   */
  ask<T>(
    object: S3Object,
    operation: UploadOperation,
    signal: AbortSignal,
    read: (response: IncomingMessage, limits: BodyLimits) => Promise<T>,
    ensureTimely?: () => void,
  ): Promise<T>;
  close(): void;
}

/** @param name of one of `buckets` */
export function createBucketClient(
  options: S3BucketOptions,
  name: string,
  clock: Clock,
  resolve: Resolve | undefined,
): BucketClient {
  const identify = createIdentify({ buckets: options.buckets, resolveKey: undefined });
  const httpClient = createHttpClient({ ...options, ...SOCKETS }, clock, resolve);
  const signers = new Map<S3Object['bucket'], ReturnType<typeof createUploadSigner>>();

  function signerOf({ bucket }: S3Object): ReturnType<typeof createUploadSigner> {
    const known = signers.get(bucket);
    if (known !== undefined) return known;
    const made = createUploadSigner(bucket);
    signers.set(bucket, made);
    return made;
  }

  return {
    objectOf: (key) => identify(`s3://${name}/${key}`),
    async ask(object, operation, signal, read, ensureTimely) {
      const signer = signerOf(object);
      for (let isCorrected = false; ; isCorrected = true) {
        const request = await signer.sign(object.objectKey, operation);
        signal.throwIfAborted();
        ensureTimely?.();
        const response = await httpClient.open(request, signal);
        const limits: BodyLimits = { clock, idleMs: options.timeouts.idle, hostname: request.hostname, signal };
        try {
          const { statusCode: status = 0, headers } = response;
          if (status >= 200 && status < 300) return await read(response, limits);
          const answer = { status, headers, body: await readErrorBody(response, ERROR_BODY_LIMIT, limits) };
          const error = s3Error(answer, object);
          const offset = isCorrected ? undefined : clockOffset(request, error);
          if (offset === undefined) throw new S3Refusal(answer, object, error, operation.method);
          signer.correctClock(offset);
          if (ensureTimely !== undefined) throw new S3Refusal(answer, object, error, operation.method);
        } finally {
          response.destroy();
        }
      }
    },
    close() {
      httpClient.close();
      for (const signer of signers.values()) signer.close();
      signers.clear();
    },
  };
}
