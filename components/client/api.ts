import type { ErrorCode, Problem } from '../../plugin/protocol.ts';
import { credentialsOf } from './crossOrigin.ts';

/** A code of the server, or one of two for the browser: no server is configured, or none has answered as ours does. */
export type RequestErrorCode = ErrorCode | 'NOT_CONFIGURED' | 'UNREACHABLE';

/** A call to the cache that has failed, with what the server said about it (RFC 9457). */
export class ImageCacheRequestError extends Error {
  override readonly name = 'ImageCacheRequestError';
  readonly code: RequestErrorCode;
  /** The HTTP status; 0 if there was no answer. */
  readonly status: number;
  readonly detail: string;
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(
    { code, status, detail, hint }: Pick<Problem, 'status' | 'detail' | 'hint'> & { code: RequestErrorCode },
    options?: ErrorOptions,
  ) {
    super(`${code}: ${detail}`, options);
    this.code = code;
    this.status = status;
    this.detail = detail;
    this.hint = hint;
  }
}

/**
 * Calls the API.
 * @param baseUrl `undefined` if there is no server
 * @throws ImageCacheRequestError, or the AbortError of `init.signal`
 */
export async function request(baseUrl: string | undefined, path: string, init: RequestInit = {}): Promise<Response> {
  if (baseUrl === undefined) {
    const detail = 'No image cache here: see configureImageCache().';
    throw new ImageCacheRequestError({ code: 'NOT_CONFIGURED', status: 0, detail });
  }
  const response = await fetch(baseUrl + path, { credentials: credentialsOf(baseUrl), ...init }).catch(
    (error: unknown) => {
      if (init.signal?.aborted) throw error;
      throw unreachable(baseUrl, 0, { cause: error });
    },
  );
  // A server without the plugin answers an unknown path with the app's index.html and 200.
  if (response.ok && !hasType(response, 'text/html')) return response;
  if (!hasType(response, 'application/problem+json')) throw unreachable(baseUrl, response.status);
  throw new ImageCacheRequestError(await parse<Problem>(response));
}

/** A `GET` whose answer is JSON. */
export async function getJson<T>(baseUrl: string | undefined, path: string): Promise<T> {
  return parse<T>(await request(baseUrl, path));
}

/** A `POST` of JSON (or of nothing) whose answer is JSON. */
export async function postJson<T>(baseUrl: string | undefined, path: string, body?: unknown): Promise<T> {
  const init = body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  return parse<T>(await request(baseUrl, path, { method: 'POST', ...init }));
}

async function parse<T>(response: Response): Promise<T> {
  // The shape is the wire contract of protocol.ts. Checking it again is not worth its bytes in a browser.
  return (await response.json()) as T;
}

function unreachable(baseUrl: string, status: number, options?: ErrorOptions): ImageCacheRequestError {
  const detail = `No image cache answers at ${baseUrl}.`;
  const hint = 'Is the server running, and `base` right?';
  return new ImageCacheRequestError({ code: 'UNREACHABLE', status, detail, hint }, options);
}

function hasType(response: Response, type: string): boolean {
  return response.headers.get('content-type')?.startsWith(type) === true;
}
