import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import { parseRange } from './range.ts';
import { securityHeaders, sendProblem } from './respond.ts';
import type { OutboundBudget } from './outboundBudget.ts';

/** What the headers of an answer say about an image. */
export interface Description {
  /** The digest of the bytes, which becomes the ETag. */
  digest: string;
  /** `Content-Disposition`. */
  disposition: string;
  contentType: string;
  size: number;
  headers: OutgoingHttpHeaders;
}

/** The headers of the answers with an image. They are made once and used as long as nothing in them changes. */
export interface Heads {
  readonly etag: string;
  readonly notModified: Readonly<OutgoingHttpHeaders>;
  readonly whole: Readonly<OutgoingHttpHeaders>;
}

export function headsOf(
  { digest, disposition, contentType, size, headers }: Description,
  security: ReturnType<typeof securityHeaders>,
): Heads {
  const etag = etagOf(digest);
  const notModified = { ETag: etag, ...headers, ...security };
  const whole: OutgoingHttpHeaders = {
    ...notModified,
    'Content-Type': contentType,
    'Accept-Ranges': 'bytes',
    'Content-Disposition': disposition,
    'Content-Length': size,
  };
  return { etag, notModified, whole };
}

/** A file that nginx sends instead of us. */
export interface FileByNginx {
  size: number;
  /** The value of `X-Accel-Redirect`. */
  url: string;
}

/**
 * Answers with the bytes, with a part of them, or with 304 if the browser has them already.
 * @throws ImageCacheError OVERLOADED
 */
export function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer | FileByNginx,
  heads: Heads,
  outbound: OutboundBudget,
): void {
  const size = 'url' in body ? body.size : body.length;
  const { etag, notModified, whole } = heads;
  const { 'if-none-match': ifNoneMatch, 'if-range': ifRange, range } = request.headers;
  // In the order of RFC 9110, 13.2.2. If-Unmodified-Since and If-Modified-Since are ignored, because we send no time of the last
  // modification (13.1.3, 13.1.4).
  if (!isStillWanted(request, etag)) {
    sendProblem(request, response, preconditionFailed());
    return;
  }
  if (matches(ifNoneMatch, etag)) {
    response.writeHead(304, notModified).end();
    return;
  }
  // A range has a meaning only for GET (RFC 9110, 14.2).
  if (range !== undefined && request.method === 'GET' && (ifRange === undefined || ifRange === etag)) {
    const part = parseRange(range, size);
    if (part === 'unsatisfiable') {
      const problem = new ImageCacheError('RANGE_NOT_SATISFIABLE', `The image has ${size} bytes.`);
      response.setHeader('Content-Range', `bytes */${size}`);
      sendProblem(request, response, problem);
      return;
    }
    if (part !== undefined && !('url' in body)) {
      const { first, last } = part;
      outbound.admit(body.length);
      const contentRange = `bytes ${first}-${last}/${body.length}`;
      response.writeHead(206, { ...whole, 'Content-Length': last - first + 1, 'Content-Range': contentRange });
      response.end(body.subarray(first, last + 1));
      outbound.sent(response, body.length);
      return;
    }
  }
  if (request.method === 'HEAD') {
    response.writeHead(200, whole).end();
    return;
  }
  if ('url' in body) {
    redirectToFile(response, notModified, whole, body.url);
    return;
  }
  outbound.admit(body.length);
  response.writeHead(200, whole).end(body);
  outbound.sent(response, body.length);
}

/**
 * nginx takes the part that was asked for from the file, and replaces the status: 204 says to whatever else might read this answer that it has no
 * image in it. The connection stays open, since such an answer has no body.
 */
function redirectToFile(
  response: ServerResponse,
  notModified: Heads['notModified'],
  whole: Heads['whole'],
  url: string,
) {
  const { 'Content-Type': type, 'Content-Disposition': disposition } = whole;
  const described = { ...notModified, 'Content-Type': type, 'Content-Disposition': disposition };
  response.writeHead(204, { ...described, 'X-Accel-Redirect': url }).end();
}

/** A function that tells by the digest whether the client already has the bytes. If it has, they need not be read: 304. */
export function isKnownTo({ headers }: IncomingMessage): ((digest: string) => boolean) | undefined {
  const { 'if-none-match': ifNoneMatch } = headers;
  return ifNoneMatch === undefined ? undefined : (digest) => matches(ifNoneMatch, etagOf(digest));
}

/** Whether `If-Match` names the bytes, or is not there (RFC 9110, 13.1.1: strong comparison). */
function isStillWanted({ headers }: IncomingMessage, etag: string): boolean {
  const { 'if-match': ifMatch } = headers;
  if (ifMatch === undefined || ifMatch.trim() === '*') return true;
  return ifMatch.split(',').some((tag) => tag.trim() === etag);
}

function preconditionFailed(): ImageCacheError {
  return new ImageCacheError('PRECONDITION_FAILED', 'The image is not the one that `If-Match` names.', {
    hint: 'It has changed since: request it without `If-Match`.',
  });
}

function etagOf(digest: string): string {
  return `"${digest}"`;
}

/** Weak comparison (RFC 9110, 8.8.3.2), as If-None-Match requires it. */
export function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header === etag || header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag.replace(/^W\//, ''));
}
