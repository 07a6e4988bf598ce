import type { ErrorCode, Problem } from '../../plugin/protocol.ts';

/** A code of the server, or one of the browser's own: no server configured, or none that answered as ours does. */
export type RequestErrorCode = ErrorCode | 'NOT_CONFIGURED' | 'UNREACHABLE';

/** A call to the cache that did not succeed, with what the server said about it (RFC 9457). */
export class ImageCacheRequestError extends Error {
  override readonly name = 'ImageCacheRequestError';
  readonly code: RequestErrorCode;
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly detail: string;
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(problem: { code: RequestErrorCode; status: number; detail: string; hint?: string }, cause?: unknown) {
    super(`${problem.code}: ${problem.detail}`, cause === undefined ? undefined : { cause });
    this.code = problem.code;
    this.status = problem.status;
    this.detail = problem.detail;
    this.hint = problem.hint;
  }
}

/**
 * Calls the API.
 * @param mount `undefined` when there is no server
 * @throws ImageCacheRequestError, or the AbortError of `init.signal`
 */
export async function request(mount: string | undefined, path: string, init: RequestInit = {}): Promise<Response> {
  if (mount === undefined) {
    throw new ImageCacheRequestError({
      code: 'NOT_CONFIGURED',
      status: 0,
      detail: 'No image cache here: see configureImageCache().',
    });
  }
  const response = await fetch(mount + path, init).catch((error: unknown) => {
    if (init.signal?.aborted) throw error;
    throw unreachable(mount, 0, error);
  });
  // A server without the plugin answers an unknown path with the app's index.html and 200.
  if (response.ok && !isHtml(response)) return response;
  throw await toError(mount, response);
}

/** A `GET` whose answer is JSON. */
export async function getJson<T>(mount: string | undefined, path: string): Promise<T> {
  return parse<T>(await request(mount, path));
}

/** A `POST` of JSON (or of nothing) whose answer is JSON. */
export async function postJson<T>(mount: string | undefined, path: string, body?: unknown): Promise<T> {
  return parse<T>(await request(mount, path, { method: 'POST', ...(body !== undefined && jsonBody(body)) }));
}

export function jsonBody(body: unknown): { headers: Record<string, string>; body: string } {
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

async function parse<T>(response: Response): Promise<T> {
  // The shape is the wire contract of protocol.ts; checking it again is not worth the bytes in a browser.
  return (await response.json()) as T;
}

async function toError(mount: string, response: Response): Promise<ImageCacheRequestError> {
  const problem: unknown = await response.json().catch(() => undefined);
  return isProblem(problem) ? new ImageCacheRequestError(problem) : unreachable(mount, response.status);
}

function unreachable(mount: string, status: number, cause?: unknown): ImageCacheRequestError {
  return new ImageCacheRequestError(
    {
      code: 'UNREACHABLE',
      status,
      detail: `No image cache answers at ${mount}.`,
      hint: 'Is the server running?',
    },
    cause,
  );
}

function isHtml(response: Response): boolean {
  return response.headers.get('content-type')?.startsWith('text/html') === true;
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value && 'status' in value;
}
