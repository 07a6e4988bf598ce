import type { IncomingMessage } from 'node:http';
import type { Sink, SourceMetadata } from '../cache/source.ts';
import { ImageCacheError } from '../errors.ts';
import { isEtag } from './etag.ts';
import type { ResolvedOptions } from '../options.ts';
import { readBody, readErrorBody, type BodyLimits } from './body.ts';
import { checksumOf } from './checksum.ts';
import type { Clock } from './clock.ts';
import { ERROR_BODY_LIMIT, s3Error } from './s3Error.ts';
import type { S3Object } from './s3Object.ts';
import { TransientError } from './transientError.ts';
import type { Wire, WireRequest } from './wire.ts';

export interface AttemptContext {
  readonly wire: Wire;
  readonly clock: Clock;
  readonly timeouts: ResolvedOptions['timeouts'];
  readonly maxImageSize: number;
}

/**
 * Asks for an object once and puts what comes into the sink; nothing, if it was asked for on a condition that does not hold.
 * @throws ImageCacheError; a TransientError, or UPSTREAM_TRUNCATED, where trying again can help
 */
export async function attempt(
  request: WireRequest,
  object: S3Object,
  sink: Sink,
  signal: AbortSignal,
  context: AttemptContext,
): Promise<SourceMetadata> {
  const response = await context.wire.open(request, signal);
  const limits: BodyLimits = {
    clock: context.clock,
    idleMs: context.timeouts.idle,
    hostname: request.hostname,
    signal,
  };
  try {
    if (response.statusCode === 304 && request.headers['if-none-match'] !== undefined) {
      await readErrorBody(response, ERROR_BODY_LIMIT, limits); // it has none, but its end gives the socket back
      return { ...metadataOf(response), notModified: true };
    }
    await refuseError(response, object, limits);
    refuseUnreadable(response, context.maxImageSize);
    await receive(response, sink, limits, context.maxImageSize);
  } finally {
    // An unread body would hold its socket for ever. A body that was read to its end does not mind.
    response.destroy();
  }
  await sink.complete();
  return metadataOf(response);
}

async function refuseError(response: IncomingMessage, object: S3Object, limits: BodyLimits): Promise<void> {
  const { statusCode: status = 0, headers } = response;
  if (status === 200) return;
  if (status < 300) {
    // 204 and 206 were not asked for: what they carry is not the whole object.
    throw new ImageCacheError('UPSTREAM_ERROR', `The origin of bucket ${object.bucket.name} answered ${status}.`, {
      hint: 'Check that the endpoint of the bucket is an S3 server, and any proxy in front of it.',
    });
  }
  const body = await readErrorBody(response, ERROR_BODY_LIMIT, limits);
  throw s3Error({ status, headers, body }, object);
}

/** What the head of the answer tells, before a byte of the body is read. */
function refuseUnreadable({ headers }: IncomingMessage, maxImageSize: number): void {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  // Some SDKs leave `aws-chunked` behind on objects whose bytes are plain.
  if (!['', 'identity', 'aws-chunked'].includes(encoding)) {
    throw new ImageCacheError('UNSUPPORTED_ENCODING', 'The image is stored with a Content-Encoding.', {
      hint: 'Images are compressed already: upload it without Content-Encoding.',
    });
  }
  if (Number(headers['content-length']) > maxImageSize) throw tooLarge(maxImageSize);
}

async function receive(response: IncomingMessage, sink: Sink, limits: BodyLimits, maxImageSize: number): Promise<void> {
  const checksum = checksumOf(response.headers);
  let received = 0;
  for await (const chunk of readBody(response, limits)) {
    received += chunk.length;
    if (received > maxImageSize) throw tooLarge(maxImageSize);
    checksum?.update(chunk);
    await sink.write(chunk);
  }
  // Node reports a body cut short by itself; this is for the day it does not.
  const announced = response.headers['content-length'];
  if (announced !== undefined && Number(announced) !== received) {
    throw new TransientError('UPSTREAM_TRUNCATED', `${received} of ${announced} bytes arrived.`, {
      hint: 'Check the network, and any proxy between this machine and the bucket.',
    });
  }
  checksum?.verify();
}

function tooLarge(maxImageSize: number): ImageCacheError {
  return new ImageCacheError('IMAGE_TOO_LARGE', `The image is larger than ${maxImageSize} bytes.`, {
    hint: 'The options `maxImageSize` and `maxSize` set the limit.',
  });
}

function metadataOf({ headers }: IncomingMessage): SourceMetadata {
  const etag = headers.etag ?? '';
  return { etag: isEtag(etag) ? etag : '', contentType: headers['content-type'] ?? '' };
}
