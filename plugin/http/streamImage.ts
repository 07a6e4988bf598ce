import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ArrivingImage } from '../cache/index.ts';
import { contentDisposition } from './contentDisposition.ts';
import { cutOffWhenStalled } from './cutOff.ts';
import { securityHeaders } from './respond.ts';
import type { Timeline } from '../timeline.ts';

/**
 * Whether an image may be answered while it is being downloaded: to a plain GET that asks for whatever bytes there are, and
 * not in HTTP/1.0, where an answer that ends early looks whole (RFC 9112, 8).
 */
export function isStreamable({ method, headers, httpVersion }: IncomingMessage): boolean {
  return method === 'GET' && headers.range === undefined && headers['if-match'] === undefined && httpVersion !== '1.0';
}

/**
 * Answers with an image while it is being downloaded, up to the end of the answer, which is the caller's: it says that the
 * image is stored. The ETag, the digest of bytes that are not there yet, comes with the next answer. When the download
 * fails the connection is cut, so that no browser takes the part for the whole.
 * @param filename under what the image is saved
 * @param timeline what was waited for until the first bytes were there
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
  cutOffWhenStalled(response);
  await pipeline(Readable.from(body.follow(), { objectMode: false }), response, { end: false });
}
