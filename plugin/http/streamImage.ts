import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ArrivingImage } from '../cache/index.ts';
import { contentDisposition } from './contentDisposition.ts';
import { abortWhenStalled } from './abortResponse.ts';
import { securityHeaders } from './respond.ts';
import type { Timeline } from '../timeline.ts';

/**
 * Whether an image may be sent while it is being downloaded: only for a plain GET without a range or `If-Match`, and not in
 * HTTP/1.0, where an answer that ends early looks complete (RFC 9112, 8).
 */
export function isStreamable({ method, headers, httpVersion }: IncomingMessage): boolean {
  return method === 'GET' && headers.range === undefined && headers['if-match'] === undefined && httpVersion !== '1.0';
}

/**
 * Sends an image while it is being downloaded. The caller must end the answer, which tells the client that the image is stored. The
 * answer has no ETag, because that is the digest of bytes that are not there yet. When the download fails, the answer is aborted,
 * so that no browser treats the part as the complete image.
 * @param filename the name for "Save image as"
 * @param timeline the steps until the first bytes were there
 */
export async function streamImage(
  response: ServerResponse,
  { contentType, body }: ArrivingImage,
  filename: string,
  timeline: Timeline,
): Promise<void> {
  const headers: OutgoingHttpHeaders = {
    'Cache-Control': 'no-cache',
    'X-Cache': 'MISS',
    'Cache-Status': 'image-cache; fwd=miss; detail=streamed',
    'Server-Timing': `s3${timeline.toServerTiming()}`,
    'Content-Type': contentType,
    'Content-Disposition': contentDisposition(filename, contentType),
    ...securityHeaders(response),
  };
  response.writeHead(200, headers);
  abortWhenStalled(response);
  await pipeline(Readable.from(body.follow(), { objectMode: false }), response, { end: false });
}
