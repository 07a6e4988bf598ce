import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import { parseRange } from './range.ts';
import { securityHeaders, sendProblem } from './respond.ts';

/** The bytes of an image, and what is said of them. */
export interface SendableBytes {
  body: Buffer;
  /** Of the bytes: what the ETag is made of. */
  digest: string;
  contentType: string;
  headers: OutgoingHttpHeaders;
}

/** Answers with bytes, a part of them, or the news that the browser has them already. */
export function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  { body, digest, contentType, headers: own }: SendableBytes,
): void {
  const etag = `"${digest}"`;
  const headers: OutgoingHttpHeaders = { ETag: etag, ...own, ...securityHeaders(response) };
  // RFC 9110, 13.2.2: If-None-Match comes first, and 304 before anything else is looked at.
  if (matches(request.headers['if-none-match'], etag)) {
    response.writeHead(304, headers).end();
    return;
  }

  headers['Content-Type'] = contentType;
  headers['Accept-Ranges'] = 'bytes';
  // An SVG may hold scripts: never a page of this origin (T13).
  if (contentType === 'image/svg+xml') headers['Content-Disposition'] = 'attachment';

  const ifRange = request.headers['if-range'];
  const wanted = ifRange === undefined || ifRange === etag ? request.headers.range : undefined;
  const range = parseRange(wanted, body.length);
  if (range === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${body.length}`);
    sendProblem(request, response, new ImageCacheError('RANGE_NOT_SATISFIABLE', `The image has ${body.length} bytes.`));
    return;
  }
  const part = range === undefined ? body : body.subarray(range.first, range.last + 1);
  headers['Content-Length'] = part.length;
  if (range !== undefined) headers['Content-Range'] = `bytes ${range.first}-${range.last}/${body.length}`;
  response.writeHead(range === undefined ? 200 : 206, headers);
  response.end(request.method === 'HEAD' ? undefined : part);
}

/** Weak comparison (RFC 9110, 8.8.3.2), as If-None-Match wants it. */
export function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header === etag || header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag.replace(/^W\//, ''));
}
