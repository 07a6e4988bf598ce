import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { SourceMetadata } from '../cache/index.ts';
import type { Checksum } from './checksum.ts';
import { TransientError } from './transientError.ts';
import type { WireRequest } from './wire.ts';

/** A body that stopped in the middle: what has come of it is in the sink, and the rest can be asked for. */
export interface PartialBody {
  /** Of the answer that it began with. */
  readonly metadata: SourceMetadata;
  /** Bytes of the whole. */
  readonly announced: number;
  readonly checksum: Checksum | undefined;
  /** Bytes that have come. */
  bytes: number;
}

/** Whether the rest of the body can be asked for later, and be known to be of the same object (RFC 9110, 13.1.5): by a strong ETag. */
export function isResumable({ etag }: SourceMetadata, headers: IncomingHttpHeaders): boolean {
  return etag.startsWith('"') && headers['content-encoding'] === undefined && announcedBytes(headers) !== undefined;
}

export function announcedBytes(headers: IncomingHttpHeaders): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

/**
 * The request for the rest, or for the whole object if it is another one by now. No signature covers these headers. A server that does
 * not know the condition is told by the ETag of its answer.
 */
export function requestForRest(request: WireRequest, { bytes, metadata }: PartialBody): WireRequest {
  const { 'if-none-match': _, ...headers } = request.headers;
  return { ...request, headers: { ...headers, range: `bytes=${bytes}-`, 'if-range': metadata.etag } };
}

/** @throws ImageCacheError UPSTREAM_ERROR where the answer is another part than was asked for */
export function ensureRest({ headers }: IncomingMessage, { bytes, announced, metadata }: PartialBody): void {
  const isRest = headers['content-range'] === `bytes ${bytes}-${announced - 1}/${announced}`;
  if (isRest && headers.etag === metadata.etag && headers['content-encoding'] === undefined) return;
  throw new TransientError(
    'UPSTREAM_ERROR',
    'The origin answered with another part of the object than it was asked for.',
    {
      hint: 'Check any proxy between this machine and the bucket.',
    },
  );
}
