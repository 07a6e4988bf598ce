import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { ManifestEntry } from '../../protocol.ts';
import { SIMULATED_HEADER } from '../../protocol.ts';
import { abortResponse } from '../abortResponse.ts';
import { securityHeaders } from '../respond.ts';

/** The headers of a simulated answer. `Server-Timing` can be read by a page for each of its images, other headers cannot. */
export function simulatedHeaders(how: string, timing?: string): Record<string, string> {
  const own = `simulated;desc="${how}"`;
  return {
    'Cache-Control': 'no-store', // otherwise the browser would go on showing it
    [SIMULATED_HEADER]: how,
    'Server-Timing': timing === undefined ? own : `${timing}, ${own}`,
  };
}

/** Lets the cache's own answer say that it was simulated, and a hit that it was a miss. The browser gets all of it, and keeps nothing. */
export function markAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  { how, isCold }: { how: string; isCold: boolean },
): void {
  delete request.headers['if-none-match'];
  const writeHead = (status: number, headers: OutgoingHttpHeaders = {}): ServerResponse => {
    const timing = headers['Server-Timing'];
    const changed: OutgoingHttpHeaders = {
      ...headers,
      ...simulatedHeaders(how, typeof timing === 'string' ? timing : undefined),
      ...(isCold && headers['X-Cache'] !== undefined && { 'X-Cache': 'MISS', 'Cache-Status': 'image-cache; fwd=miss' }),
    };
    return original(status, changed);
  };
  const original: typeof writeHead = response.writeHead.bind(response);
  Object.assign(response, { writeHead });
}

/** Sends the first half of an image, and then breaks off. */
export function sendHalf(
  request: IncomingMessage,
  response: ServerResponse,
  { how, entry, body }: { how: string; entry: ManifestEntry; body: Buffer },
): void {
  response.writeHead(200, {
    ...securityHeaders(response),
    ...simulatedHeaders(how),
    'X-Cache': 'HIT',
    'Content-Type': entry.content_type,
    'Content-Length': body.length,
  });
  if (request.method === 'HEAD') return void response.end();
  response.write(body.subarray(0, Math.ceil(body.length / 2)), () => abortResponse(response));
}
