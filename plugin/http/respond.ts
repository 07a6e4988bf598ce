import type { IncomingMessage, ServerResponse } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import type { Problem } from '../protocol.ts';
import { abortResponse, abortWhenStalled } from './abortResponse.ts';

const TITLES: Record<number, string> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  422: 'Unprocessable Content',
  499: 'Client Closed Request',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  507: 'Insufficient Storage',
};

/** Headers of every answer: it must not be sniffed, framed, or embedded by a page of another origin. */
const SECURITY_HEADERS = {
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Content-Security-Policy': "default-src 'none'; sandbox",
} as const;

/** Headers of an answer to a page of `allowedOrigins`. */
const SHARED_SECURITY_HEADERS = { ...SECURITY_HEADERS, 'Cross-Origin-Resource-Policy': 'cross-origin' } as const;

type SecurityHeaders = typeof SECURITY_HEADERS | typeof SHARED_SECURITY_HEADERS;

export function securityHeaders(response: ServerResponse): SecurityHeaders {
  return response.hasHeader('Access-Control-Allow-Origin') ? SHARED_SECURITY_HEADERS : SECURITY_HEADERS;
}

/** Whether these are the headers for a page of another origin. */
export function isShared(headers: SecurityHeaders): boolean {
  return headers === SHARED_SECURITY_HEADERS;
}

/**
 * Answers with an error as RFC 9457 problem+json. The answer says no more than the error itself: it contains no stack and no
 * signed URL.
 */
export function sendProblem(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  const { code, status, message, hint, retryAfterMs } = ImageCacheError.from(error);
  if (response.headersSent) {
    abortResponse(response);
    return;
  }
  const problem: Problem = {
    type: 'about:blank',
    status,
    title: TITLES[status] ?? 'Error',
    detail: code === 'INTERNAL' ? 'Something went wrong inside the image cache.' : message,
    code,
    ...(hint !== undefined && { hint }),
  };
  if (retryAfterMs !== undefined) response.setHeader('Retry-After', Math.ceil(retryAfterMs / 1000));
  response.setHeader('Cache-Control', 'no-store');
  sendText(request, response, status, 'application/problem+json; charset=utf-8', Buffer.from(JSON.stringify(problem)));
  if (response.writableLength > 0) abortWhenStalled(response);
}

/** Answers with a text that is complete. */
export function sendText(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  body: Buffer,
): void {
  if (!response.hasHeader('Cache-Control')) response.setHeader('Cache-Control', 'no-cache');
  response.writeHead(status, { ...securityHeaders(response), 'Content-Type': type, 'Content-Length': body.length });
  response.end(request.method === 'HEAD' ? undefined : body);
}
