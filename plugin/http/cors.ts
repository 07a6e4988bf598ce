import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Takes back the leave to read that a server around us has given in advance: Vite gives it to every page of this
 * machine, under `server.cors: true` to everybody. The guard would refuse such a page, but not a browser's own cache: what
 * our page was sent, a page of another port (the same site) could read from there (T5).
 */
export function dropForeignCors(response: ServerResponse): void {
  response.removeHeader('Access-Control-Allow-Origin');
}

/**
 * Lets the pages of `allowedOrigins` read answers, canvas included, and nobody else's.
 * @returns true if the request was a preflight and has been answered
 */
export function applyCors(
  allowedOrigins: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
): boolean {
  const { origin } = request.headers;
  if (allowedOrigins.length > 0) varyByOrigin(response);
  if (origin === undefined || !allowedOrigins.includes(origin)) return false;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Timing-Allow-Origin', origin);
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false;
  response.setHeader('Access-Control-Allow-Methods', 'GET, HEAD, POST');
  response.setHeader('Access-Control-Allow-Headers', 'Content-Type, Range, If-Match, If-None-Match, If-Range');
  response.setHeader('Access-Control-Max-Age', '600');
  response.writeHead(204).end();
  return true;
}

/** Beside what a server around us has named: a cache that forgets `Accept-Encoding` hands gzip to whoever cannot read it. */
function varyByOrigin(response: ServerResponse): void {
  const named = String(response.getHeader('Vary') ?? '').toLowerCase();
  if (named.split(',').some((name) => ['origin', '*'].includes(name.trim()))) return;
  response.appendHeader('Vary', 'Origin');
}
