import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpContext } from './context.ts';

/**
 * Takes back the leave to read that a server around us has given in advance: Vite gives it to every page of this
 * machine, under `server.cors: true` to everybody. The guard would refuse such a page, but not a browser's own cache: what
 * our page was sent, a page of another port (the same site) could read from there (T5).
 */
export function dropForeignCors(response: ServerResponse): void {
  response.removeHeader('Access-Control-Allow-Origin');
}

/** What a page of another origin may read besides the headers that every page may (Fetch Standard, 3.3.6). */
const EXPOSED = 'Cache-Status, Content-Disposition, Content-Range, ETag, Retry-After, Server-Timing, X-Cache';

/**
 * Lets the pages of `allowedOrigins` read answers, canvas included, and nobody else's. Where `authorize` decides, they may send
 * cookies along, since that is what it decides by.
 * @returns true if the request was a preflight and has been answered
 */
export function applyCors(
  { allowedOrigins, authorize }: Pick<HttpContext, 'allowedOrigins' | 'authorize'>,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const { origin } = request.headers;
  if (allowedOrigins.length > 0) varyByOrigin(response);
  if (origin === undefined || !allowedOrigins.includes(origin)) return false;
  response.setHeader('Access-Control-Allow-Origin', origin);
  if (authorize !== undefined) response.setHeader('Access-Control-Allow-Credentials', 'true');
  if (isPreflight(request)) {
    answerPreflight(response);
    return true;
  }
  response.setHeader('Access-Control-Expose-Headers', EXPOSED);
  response.setHeader('Timing-Allow-Origin', origin);
  return false;
}

/**
 * Answers the preflights of the pages of `allowedOrigins`, and hands on everything else, for a server whose own CORS would answer
 * them by what it knows. No code of the API is needed for it.
 */
export function createPreflights(cors: Parameters<typeof applyCors>[0]) {
  return function imageCachePreflights(request: IncomingMessage, response: ServerResponse, next: () => void): void {
    if (!isPreflight(request) || !applyCors(cors, request, response)) next();
  };
}

/** Whether a browser asks if a page of another origin may send a request (Fetch Standard, 4.8). */
function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}

function answerPreflight(response: ServerResponse): void {
  response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST');
  response.setHeader('Access-Control-Allow-Headers', 'Content-Type, Range, If-Match, If-None-Match, If-Range');
  response.setHeader('Access-Control-Max-Age', '600');
  response.writeHead(204).end();
}

/** Beside what a server around us has named: a cache that forgets `Accept-Encoding` hands gzip to whoever cannot read it. */
function varyByOrigin(response: ServerResponse): void {
  const named = String(response.getHeader('Vary') ?? '').toLowerCase();
  if (named.split(',').some((name) => ['origin', '*'].includes(name.trim()))) return;
  response.appendHeader('Vary', 'Origin');
}
