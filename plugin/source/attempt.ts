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
import type { HttpClient, HttpRequest } from './httpClient.ts';

export interface AttemptContext {
  readonly httpClient: HttpClient;
  readonly clock: Clock;
  readonly timeouts: ResolvedOptions['timeouts'];
  readonly maxImageSize: number;
  /** Recognises images by their first bytes. */
  readonly recognize: Recognizer;
}

/** How much of an object has arrived, over all attempts. */
export interface Progress {
  /** The part that has arrived. Absent if the next attempt must begin with the first byte and an empty sink. */
  partial?: PartialBody | undefined;
  /** True if a body that stops is abandoned before the limit `timeouts.idle`, because its rest can be requested. */
  readonly mayResume: boolean;
}

/** How long a body may stop before its rest is requested: a half-open proxy sends nothing more, and no error either (R10). */
const STALL_MS = 3000;

/**
 * Requests an object once, or the rest of it, and puts the bytes into the sink. If the request was conditional and the object has
 * not changed, there are none.
 * @throws ImageCacheError; a TransientError if another attempt can help, a CutBody if it may help
 */
export async function attempt(
  request: HttpRequest,
  object: S3Object,
  sink: Sink,
  signal: AbortSignal,
  context: AttemptContext & { readonly mark?: Mark },
  progress: Progress = { mayResume: false },
): Promise<SourceMetadata> {
  const { partial } = progress;
  const asked = partial === undefined ? request : requestForRest(request, partial);
  const response = await context.httpClient.open(asked, signal, context.mark);
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
      await readErrorBody(response, ERROR_BODY_LIMIT, limits); // it has none, but reading to its end frees the socket
      return { ...metadata, notModified: true };
    }
    if (isRest) {
      progress.partial = undefined; // it is set again if this is the rest
      ensureRest(response, partial);
    } else await refuseError(response, object, limits);
    // An origin that does not support conditions sends the object again. If it has not changed, we do not read it again.
    if (knownEtag !== undefined && metadata.etag === knownEtag) return { ...metadata, notModified: true };
    if (partial !== undefined && !isRest) await sink.reset(); // the object has changed since
    if (!isRest) sink.begin(metadata);
    arrival = isRest ? { proof: 'structure', isResumable: true, ...partial } : arrivalOf(response, metadata);
    await receive(response, sink, limits, arrival, { ...context, mayResume: progress.mayResume });
    context.mark?.('body');
  } catch (error) {
    if (arrival !== undefined) progress.partial = partialOf(arrival, error);
    throw error;
  } finally {
    // An unread body would keep its socket for ever. After a body that was read to its end, this does nothing.
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
    // This request did not ask for 204 or 206: these do not contain the whole object.
    throw new ImageCacheError('UPSTREAM_ERROR', `The origin of bucket ${object.bucket.name} answered ${status}.`, {
      hint: 'Check that the endpoint of the bucket is an S3 server, and any proxy in front of it.',
    });
  }
  const body = await readErrorBody(response, ERROR_BODY_LIMIT, limits);
  throw s3Error({ status, headers, body }, object);
}

/** A body that is arriving. */
interface Arrival extends Omit<PartialBody, 'announced'> {
  proof: Proof;
  /** Bytes that have arrived, before they are decoded. */
  bytes: number;
  announced: number | undefined;
  /** Whether the rest can be requested when the body stops. */
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

/** The part that the next attempt can continue. Its bytes are in the sink. */
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

/** Yields the bytes of the body, and checks their number and their checksum if the origin announced these. */
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
  // Node reports a truncated body by itself; this check does not rely on it.
  if (announced !== undefined && announced !== arrival.bytes) {
    throw new TransientError('UPSTREAM_TRUNCATED', `${arrival.bytes} of ${announced} bytes arrived.`, {
      hint: 'Check the network, and any proxy between this machine and the bucket.',
    });
  }
  checksum?.verify();
  if (announced !== undefined || checksum !== undefined) arrival.proof = 'announced';
}

/** The error for a coded body without its end. It was lost on the way, unless all announced bytes have arrived. */
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
  return {
    etag: isEtag(etag) ? etag : '',
    contentType: headers['content-type'] ?? '',
    announcedBytes: announcedBytes(headers),
  };
}
