import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { CachedImage } from '../cache/shelf.ts';
import { ImageCacheError } from '../errors.ts';
import type { CacheTier } from '../protocol.ts';
import { parseRange } from './range.ts';
import { securityHeaders, sendProblem } from './respond.ts';

/** `immutable`: the path holds the digest of the bytes. A read-through URL may mean other bytes tomorrow. */
const CACHE_CONTROL = {
  path: 'public, max-age=31536000, immutable',
  url: 'no-cache',
} as const;

/** RFC 9211. */
const CACHE_STATUS: Record<CacheTier, string> = {
  memory: 'image-cache; hit; detail=memory',
  disk: 'image-cache; hit; detail=disk',
  s3: 'image-cache; fwd=miss; stored',
};

/** Answers with an image, a part of it, or the news that the browser has it already. */
export function sendImage(
  request: IncomingMessage,
  response: ServerResponse,
  { entry, body, tier }: CachedImage,
  askedBy: 'path' | 'url',
): void {
  const etag = `"${entry.sha256}"`;
  const headers: OutgoingHttpHeaders = {
    ETag: etag,
    'Cache-Control': CACHE_CONTROL[askedBy],
    'X-Cache': tier === 's3' ? 'MISS' : 'HIT',
    'Cache-Status': CACHE_STATUS[tier],
    'Server-Timing': tier,
    ...securityHeaders(response),
  };
  // RFC 9110, 13.2.2: If-None-Match comes first, and 304 before anything else is looked at.
  if (matches(request.headers['if-none-match'], etag)) {
    response.writeHead(304, headers).end();
    return;
  }

  headers['Content-Type'] = entry.content_type;
  headers['Accept-Ranges'] = 'bytes';
  // An SVG may hold scripts: never a page of this origin (T13).
  if (entry.content_type === 'image/svg+xml') headers['Content-Disposition'] = 'attachment';

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
