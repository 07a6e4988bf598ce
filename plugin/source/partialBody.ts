import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { SourceMetadata } from '../cache/index.ts';
import type { Checksum } from './checksum.ts';
import { TransientError } from './transientError.ts';
import type { HttpRequest } from './httpClient.ts';

/** A body that stopped in the middle. The part that has arrived is in the sink, and the rest can be requested. */
export interface PartialBody {
  /** The metadata of the first answer. */
  readonly metadata: SourceMetadata;
  /** Bytes of the whole object. */
  readonly announced: number;
  readonly checksum: Checksum | undefined;
  /** Bytes that have arrived. */
  bytes: number;
}

/** Whether the rest of a body can be requested later. A strong ETag proves that it is of the same object (RFC 9110, 13.1.5). */
export function isResumable({ etag }: SourceMetadata, headers: IncomingHttpHeaders): boolean {
  return etag.startsWith('"') && headers['content-encoding'] === undefined && announcedBytes(headers) !== undefined;
}

export function announcedBytes(headers: IncomingHttpHeaders): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

/**
 * The request for the rest, or for the whole object if it has changed since. These headers are not part of a signature. A server
 * that does not support the condition is recognised by the ETag of its answer.
 */
export function requestForRest(request: HttpRequest, { bytes, metadata }: PartialBody): HttpRequest {
  const { 'if-none-match': _, ...headers } = request.headers;
  return { ...request, headers: { ...headers, range: `bytes=${bytes}-`, 'if-range': metadata.etag } };
}

/** @throws ImageCacheError UPSTREAM_ERROR if the answer is another part than the requested one */
export function ensureRest({ headers }: IncomingMessage, { bytes, announced, metadata }: PartialBody): void {
  const isRest = headers['content-range'] === `bytes ${bytes}-${announced - 1}/${announced}`;
  if (isRest && headers.etag === metadata.etag && headers['content-encoding'] === undefined) return;
  throw new TransientError(
    'UPSTREAM_ERROR',
    'The origin answered with another part of the object than the requested one.',
    {
      hint: 'Check any proxy between this machine and the bucket.',
    },
  );
}
