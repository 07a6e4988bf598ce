import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NetworkFaults, NetworkState, NetworkUnavailable } from './api.ts';

const LONGEST_LATENCY_MS = 10_000;
const LONGEST_BODY = 1_000;

/**
 * `GET·PUT /demo/network`: the faults of the network to S3. The request is passed on to the control route of the embedded S3
 * server. Without such a server (`controlUrl` is undefined), there is nothing to switch, and the answer is 404.
 */
export async function answerNetwork(
  request: IncomingMessage,
  response: ServerResponse,
  controlUrl: string | undefined,
): Promise<void> {
  if (controlUrl === undefined) {
    sendJson(response, 404, { available: false } satisfies NetworkUnavailable);
    return;
  }
  if (request.method !== 'PUT') {
    sendJson(response, 200, await control(controlUrl));
    return;
  }
  if (isCrossSite(request)) {
    sendJson(response, 403, { detail: 'Only this page may break its own network' });
    return;
  }
  const faults = parseFaults(await readBody(request));
  if (faults === undefined) sendJson(response, 400, { detail: 'Expected latencyMs, slowDown or offline' });
  else sendJson(response, 200, await control(controlUrl, { method: 'PUT', body: JSON.stringify(faults) }));
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(JSON.stringify(body));
}

/** The faults in a body; `undefined` if it is invalid. */
function parseFaults(text: string): Partial<NetworkFaults> | undefined {
  const body = parseJson(text);
  if (typeof body !== 'object' || body === null) return undefined;
  const faults: Partial<NetworkFaults> = {};
  if ('latencyMs' in body) {
    if (!isWithin(body.latencyMs, LONGEST_LATENCY_MS)) return undefined;
    faults.latencyMs = body.latencyMs;
  }
  if ('slowDown' in body) {
    if (!isWithin(body.slowDown, 1)) return undefined;
    faults.slowDown = body.slowDown;
  }
  for (const share of ['putSlowDown', 'putExpired'] as const) {
    if (!(share in body)) continue;
    const value: unknown = Reflect.get(body, share);
    if (!isWithin(value, 1)) return undefined;
    faults[share] = value;
  }
  if ('offline' in body) {
    if (typeof body.offline !== 'boolean') return undefined;
    faults.offline = body.offline;
  }
  return faults;
}

async function control(url: string, init?: RequestInit): Promise<NetworkState> {
  const answer = await fetch(url, init);
  // The answer is from our own server, with the shape that is documented in demo/s3/control.ts.
  const { faults, stats } = (await answer.json()) as { faults: NetworkFaults; stats: NetworkState['stats'] };
  const { latencyMs, slowDown, offline, putSlowDown, putExpired } = faults;
  const { requests, gets, bytesSent } = stats;
  return {
    available: true,
    latencyMs,
    slowDown,
    offline,
    putSlowDown,
    putExpired,
    stats: { requests, gets, bytesSent },
  };
}

/** Whether a page of another site sent the request, by `Sec-Fetch-Site`, or by `Origin` if a browser does not send that. */
export function isCrossSite({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site !== 'same-origin' && site !== 'none';
  if (headers.origin === undefined) return false;
  return !URL.canParse(headers.origin) || new URL(headers.origin).host !== headers.host;
}

/** As text; nothing of a body that is too long. @param longest in characters */
export async function readBody(request: IncomingMessage, longest = LONGEST_BODY): Promise<string> {
  let body = '';
  request.setEncoding('utf8');
  // To its end, since a request that is cut gets no answer.
  for await (const chunk of request) {
    if (body.length <= longest) body += String(chunk);
  }
  return body.length <= longest ? body : '';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isWithin(value: unknown, most: number): value is number {
  return typeof value === 'number' && value >= 0 && value <= most;
}
