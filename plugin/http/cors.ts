import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpContext } from './context.ts';
import { varyBy } from './vary.ts';

/**
 * Removes the CORS headers that the server around us has already set. Vite allows every page of this machine to read, and with
 * `server.cors: true` every page. The guard refuses requests of such pages, but the browser's cache does not: a page of another
 * port (the same site) could read from there what was sent to our page (T5).
 */
export function dropForeignCors(response: ServerResponse): void {
  response.removeHeader('Access-Control-Allow-Origin');
}

/** Headers that a page of another origin may send. */
const ALLOWED =
  'Content-Type, Range, If-Match, If-None-Match, If-Range, Content-Digest, Prefer, Image-Cache-Project, Image-Cache-Owner, Image-Cache-Filename, Image-Cache-Entity';
/** Headers that a page of another origin may read, besides those that every page may read (Fetch Standard, 3.3.6). */
const EXPOSED = 'Cache-Status, Content-Disposition, Content-Range, ETag, Retry-After, Server-Timing, X-Cache';

/**
 * Lets pages of `allowedOrigins` read answers, also in a canvas. With `authorize`, they may send cookies, because it needs them to
 * decide.
 * @returns true if the request was a preflight and has been answered
 */
export function applyCors(
  { allowedOrigins, authorize }: Pick<HttpContext, 'allowedOrigins' | 'authorize'>,
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const { origin } = request.headers;
  if (allowedOrigins.length > 0) varyBy(response, 'Origin');
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
 * Creates a middleware that answers the preflights of pages of `allowedOrigins`, and passes on all other requests. It is for a
 * server whose own CORS would otherwise answer them. It works before the code of the API is loaded.
 */
export function createPreflights(cors: Parameters<typeof applyCors>[0]) {
  return function imageCachePreflights(request: IncomingMessage, response: ServerResponse, next: () => void): void {
    if (!isPreflight(request) || !applyCors(cors, request, response)) next();
  };
}

/** Whether the request is a preflight, by which a browser asks if a page of another origin may send one (Fetch Standard, 4.8). */
function isPreflight({ method, headers }: IncomingMessage): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;
}

function answerPreflight(response: ServerResponse): void {
  response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, DELETE');
  response.setHeader('Access-Control-Allow-Headers', ALLOWED);
  response.setHeader('Access-Control-Max-Age', '600');
  response.writeHead(204).end();
}
