import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import { parseRange } from './range.ts';
import { securityHeaders, sendProblem } from './respond.ts';
import type { UnreadBodies } from './unreadBodies.ts';

/** What is said of an image. */
export interface Description {
  /** Of the bytes: what the ETag is made of. */
  digest: string;
  /** `Content-Disposition`. */
  disposition: string;
  contentType: string;
  size: number;
  headers: OutgoingHttpHeaders;
}

/** The heads of the answers with an image, put together once for as long as nothing in them changes. */
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

/**
 * Answers with bytes, a part of them, or the news that the browser has them already.
 * @throws ImageCacheError OVERLOADED
 */
export function sendBytes(
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  heads: Heads,
  unread: UnreadBodies,
): void {
  const { etag, notModified, whole } = heads;
  const { 'if-none-match': ifNoneMatch, 'if-range': ifRange, range } = request.headers;
  // In the order of RFC 9110, 13.2.2. If-Unmodified-Since and If-Modified-Since are ignored where no time of the last
  // modification is told (13.1.3, 13.1.4), and 304 comes before anything else is looked at.
  if (!isStillWanted(request, etag)) {
    sendProblem(request, response, preconditionFailed());
    return;
  }
  if (matches(ifNoneMatch, etag)) {
    response.writeHead(304, notModified).end();
    return;
  }
  // To anything but GET a range means nothing (RFC 9110, 14.2).
  if (range !== undefined && request.method === 'GET' && (ifRange === undefined || ifRange === etag)) {
    const part = parseRange(range, body.length);
    if (part === 'unsatisfiable') {
      const problem = new ImageCacheError('RANGE_NOT_SATISFIABLE', `The image has ${body.length} bytes.`);
      response.setHeader('Content-Range', `bytes */${body.length}`);
      sendProblem(request, response, problem);
      return;
    }
    if (part !== undefined) {
      const { first, last } = part;
      unread.admit(body.length);
      const contentRange = `bytes ${first}-${last}/${body.length}`;
      response.writeHead(206, { ...whole, 'Content-Length': last - first + 1, 'Content-Range': contentRange });
      response.end(body.subarray(first, last + 1));
      unread.sent(response, body.length);
      return;
    }
  }
  if (request.method === 'HEAD') {
    response.writeHead(200, whole).end();
    return;
  }
  unread.admit(body.length);
  response.writeHead(200, whole).end(body);
  unread.sent(response, body.length);
}

/** Tells of bytes, by their digest, whether whoever asks has them: the answer is 304 then, whatever they are. */
export function isKnownTo({ headers }: IncomingMessage): ((digest: string) => boolean) | undefined {
  const { 'if-none-match': ifNoneMatch } = headers;
  return ifNoneMatch === undefined ? undefined : (digest) => matches(ifNoneMatch, etagOf(digest));
}

/** Whether the bytes are among those that `If-Match` asks for, if there is one (RFC 9110, 13.1.1: strong comparison). */
function isStillWanted({ headers }: IncomingMessage, etag: string): boolean {
  const { 'if-match': ifMatch } = headers;
  if (ifMatch === undefined || ifMatch.trim() === '*') return true;
  return ifMatch.split(',').some((tag) => tag.trim() === etag);
}

function preconditionFailed(): ImageCacheError {
  return new ImageCacheError('PRECONDITION_FAILED', 'The image is not the one that `If-Match` names.', {
    hint: 'It has changed meanwhile: ask for it without `If-Match`.',
  });
}

function etagOf(digest: string): string {
  return `"${digest}"`;
}

/** Weak comparison (RFC 9110, 8.8.3.2), as If-None-Match wants it. */
export function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header === etag || header.trim() === '*') return true;
  return header.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag.replace(/^W\//, ''));
}
