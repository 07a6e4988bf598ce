import type { IncomingMessage } from 'node:http';
import type { Proof, Recognizer, Sink, SourceMetadata } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import { isEtag } from './etag.ts';
import type { ResolvedOptions } from '../options.ts';
import { readBody, readErrorBody, type BodyLimits } from './body.ts';
import { checksumOf } from './checksum.ts';
import type { Clock } from './clock.ts';
import { contentCodings, decodeBody } from './contentCoding.ts';
import { CutBody } from './cutBody.ts';
import { ERROR_BODY_LIMIT, s3Error } from './s3Error.ts';
import type { S3Object } from './s3Object.ts';
import { announcedBytes, ensureRest, isResumable, type PartialBody, requestForRest } from './partialBody.ts';
import { TransientError, isTransient } from './transientError.ts';
import type { Mark } from '../timeline.ts';
import type { Wire, WireRequest } from './wire.ts';

export interface AttemptContext {
  readonly wire: Wire;
  readonly clock: Clock;
  readonly timeouts: ResolvedOptions['timeouts'];
  readonly maxImageSize: number;
  /** Tells images by their first bytes. */
  readonly recognize: Recognizer;
}

/** What has come of an object, over all attempts. */
export interface Progress {
  /** Absent where the next attempt has to begin with the first byte, in an empty sink. */
  partial?: PartialBody | undefined;
  /** Whether a body that stops is left before the limit for that, since its rest can be asked for. */
  readonly mayResume: boolean;
}

/** So long a body may stop before its rest is asked for: a proxy that is half open says nothing more, and would not say so (R10). */
const STALL_MS = 3000;

/**
 * Asks for an object once, or for the rest of it, and puts what comes into the sink; nothing, if it was asked for on a condition that
 * does not hold.
 * @throws ImageCacheError; a TransientError where trying again can help, a CutBody where it may
 */
export async function attempt(
  request: WireRequest,
  object: S3Object,
  sink: Sink,
  signal: AbortSignal,
  context: AttemptContext & { readonly mark?: Mark },
  progress: Progress = { mayResume: false },
): Promise<SourceMetadata> {
  const { partial } = progress;
  const asked = partial === undefined ? request : requestForRest(request, partial);
  const response = await context.wire.open(asked, signal, context.mark);
  const limits: BodyLimits = {
    clock: context.clock,
    idleMs: context.timeouts.idle,
    hostname: request.hostname,
    signal,
  };
  const isRest = partial !== undefined && (response.statusCode === 206 || response.statusCode === 416);
  const metadata = isRest ? partial.metadata : metadataOf(response);
  const knownEtag = asked.headers['if-none-match'];
  let arrival: Arrival | undefined;
  try {
    if (response.statusCode === 304 && knownEtag !== undefined) {
      await readErrorBody(response, ERROR_BODY_LIMIT, limits); // it has none, but its end gives the socket back
      return { ...metadata, notModified: true };
    }
    if (isRest) {
      progress.partial = undefined; // unless this is the rest
      ensureRest(response, partial);
    } else await refuseError(response, object, limits);
    // An origin that knows no conditions sends the object again; what is known of it need not come a second time.
    if (knownEtag !== undefined && metadata.etag === knownEtag) return { ...metadata, notModified: true };
    if (partial !== undefined && !isRest) await sink.reset(); // it is another object by now
    if (!isRest) sink.begin(metadata);
    arrival = isRest ? { proof: 'structure', isResumable: true, ...partial } : arrivalOf(response, metadata);
    await receive(response, sink, limits, arrival, { ...context, mayResume: progress.mayResume });
    context.mark?.('body');
  } catch (error) {
    if (arrival !== undefined) progress.partial = partialOf(arrival, error);
    throw error;
  } finally {
    // An unread body would hold its socket for ever. A body that was read to its end does not mind.
    response.destroy();
  }
  progress.partial = undefined;
  try {
    await sink.complete(arrival.proof);
  } catch (error) {
    throw isTruncated(error) ? new CutBody(error, arrival.bytes) : error;
  }
  return metadata;
}

function isTruncated(error: unknown): error is ImageCacheError {
  return error instanceof ImageCacheError && error.code === 'UPSTREAM_TRUNCATED';
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

/** What is known of a body. */
interface Arrival extends Omit<PartialBody, 'announced'> {
  proof: Proof;
  /** As they came, codings and all. */
  bytes: number;
  announced: number | undefined;
  /** Whether the rest can be asked for when it stops. */
  isResumable?: boolean;
}

function arrivalOf({ headers }: IncomingMessage, metadata: SourceMetadata): Arrival {
  return {
    proof: 'structure',
    bytes: 0,
    metadata,
    announced: announcedBytes(headers),
    checksum: checksumOf(headers),
    isResumable: isResumable(metadata, headers),
  };
}

/** What the next attempt can go on with. The bytes that were counted are in the sink. */
function partialOf(arrival: Arrival, error: unknown): PartialBody | undefined {
  const { isResumable: may = false, bytes, announced, checksum, metadata } = arrival;
  if (!may || !isTransient(error) || announced === undefined || bytes === 0 || bytes >= announced) return undefined;
  return { bytes, announced, checksum, metadata };
}

async function receive(
  response: IncomingMessage,
  sink: Sink,
  limits: BodyLimits,
  arrival: Arrival,
  { maxImageSize, recognize, mayResume }: AttemptContext & { mayResume: boolean },
): Promise<void> {
  const codings = contentCodings(response.headers['content-encoding']);
  if (Number(response.headers['content-length']) > maxImageSize) throw tooLarge(maxImageSize);
  const resumable = mayResume && arrival.isResumable === true;
  const pausing = { ...limits, idleMs: Math.min(limits.idleMs, STALL_MS), isResumable: true };
  const body = wholeBody(response, resumable ? pausing : limits, arrival, maxImageSize);
  const decoding = {
    maxBytes: maxImageSize,
    tooLarge: () => tooLarge(maxImageSize),
    cut: () => cutCoding(arrival),
    isImage: (beginning: Uint8Array) => recognize(beginning) !== undefined,
  };
  const chunks = codings.length === 0 ? body : decodeBody(body, codings, decoding);
  for await (const chunk of chunks) await sink.write(chunk);
}

/** The bytes of the body, held against what was announced of them: their number, and a checksum. */
async function* wholeBody(
  response: IncomingMessage,
  limits: BodyLimits,
  arrival: Arrival,
  maxImageSize: number,
): AsyncGenerator<Buffer, void, void> {
  const { checksum, announced } = arrival;
  for await (const chunk of readBody(response, limits)) {
    arrival.bytes += chunk.length;
    if (arrival.bytes > maxImageSize) throw tooLarge(maxImageSize);
    checksum?.update(chunk);
    yield chunk;
  }
  // Node reports a body cut short by itself; this is for the day it does not.
  if (announced !== undefined && announced !== arrival.bytes) {
    throw new TransientError('UPSTREAM_TRUNCATED', `${arrival.bytes} of ${announced} bytes arrived.`, {
      hint: 'Check the network, and any proxy between this machine and the bucket.',
    });
  }
  checksum?.verify();
  if (announced !== undefined || checksum !== undefined) arrival.proof = 'announced';
}

/** The end of a coded body is missing: on the way, unless all that was announced has come. */
function cutCoding({ proof, bytes }: Arrival): ImageCacheError {
  const hint =
    'If it keeps happening, the object in the bucket is incomplete: upload it again, without Content-Encoding.';
  const detail = 'The image is stored with a Content-Encoding, and its end is missing.';
  if (proof === 'announced') return new ImageCacheError('UNSUPPORTED_ENCODING', detail, { hint });
  return new CutBody(new ImageCacheError('UPSTREAM_TRUNCATED', detail, { hint }), bytes);
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
