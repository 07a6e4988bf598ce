import express, { type RequestHandler } from 'express';
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { Http2ServerRequest } from 'node:http2';
import type { z } from 'zod';
import { ImageCacheError } from '../errors.ts';
import { TimeSlice } from '../timeSlice.ts';
import { ERROR_STATUS, type ErrorCode } from '../protocol.ts';

/** RFC 8259 allows no other charset. A browser does not send this type to another origin without a preflight. */
const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i;

/** The deepest body of our API has three levels. RFC 8259, 9 lets a parser set a limit. */
const MAX_DEPTH = 32;
/** Enough for 10,000 images with a URL, a name and 20 of the app's own fields. */
const MAX_VALUES = 250_000;

/**
 * Creates a middleware that reads a JSON body into `request.body`. A request without a body passes, whatever its type:
 * `curl -X POST …/clear-all` has neither (T3).
 *
 * Errors go to `next`: UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE or INVALID_JSON.
 *
 * @param limit in bytes
 */
export function readJson(limit: number): RequestHandler {
  const parse = express.json({ limit, inflate: false, strict: false, type: () => true, verify });
  return function imageCacheReadJson(request, response, next) {
    if (!hasBody(request)) return next();
    if (!JSON_TYPE.test(request.headers['content-type'] ?? '')) return next(unsupportedType());
    // The parser expects the headers by which HTTP/1 announces a body; HTTP/2 may have a body without them.
    if (isHttp2(request)) request.headers['transfer-encoding'] ??= 'chunked';
    // Another middleware of the app has read the body (`express.raw()`), but not as JSON.
    if (Buffer.isBuffer(request.body) || typeof request.body === 'string') return next(readElsewhere());
    parse(request, response, (error?: unknown) => next(error === undefined ? undefined : refusal(error, limit)));
  };
}

/**
 * Parses the body by the schema. An issue may have a code of its own in `params.code`, and a hint in `params.hint`.
 * @throws ImageCacheError INVALID_BODY (or the issue's code), with the name of the first wrong field. Values are not
 *   repeated, because they may be signed URLs
 */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  if (body === undefined) {
    throw new ImageCacheError('INVALID_BODY', 'The request has no body.', {
      hint: 'Send JSON, with `Content-Type: application/json`.',
    });
  }
  return parseAt(schema, body, []);
}

/**
 * Parses the elements of a list by the schema. It does so in slices, because ten thousand elements would block the event loop for
 * too long.
 * @param field the name of the list in the body
 * @throws ImageCacheError as {@link parseBody}
 */
export async function parseList<T>(element: z.ZodType<T>, values: readonly unknown[], field: string): Promise<T[]> {
  const parsed: T[] = [];
  for (const each of await parseEach(element, values, field)) {
    if (each instanceof ImageCacheError) throw each;
    parsed.push(each);
  }
  return parsed;
}

/** Like {@link parseList}, but a wrong element does not make the others fail: its error takes its place in the result. */
export async function parseEach<T>(
  element: z.ZodType<T>,
  values: readonly unknown[],
  field: string,
): Promise<(T | ImageCacheError)[]> {
  const parsed: (T | ImageCacheError)[] = [];
  const timeSlice = new TimeSlice();
  for (const [index, value] of values.entries()) {
    if (timeSlice.isOver) await timeSlice.yield();
    try {
      parsed.push(parseAt(element, value, [field, index]));
    } catch (error) {
      parsed.push(ImageCacheError.from(error));
    }
  }
  return parsed;
}

function parseAt<T>(schema: z.ZodType<T>, value: unknown, at: readonly PropertyKey[]): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = [...at, ...(issue?.path ?? [])];
  const where = path.length === 0 ? 'The body' : `\`${fieldName(path)}\``;
  const hint = paramOf(issue, 'hint');
  throw new ImageCacheError(codeOf(issue), `${where}: ${describe(issue)}`.replace(/\s+/g, ' '), {
    ...(typeof hint === 'string' && { hint }),
  });
}

function hasBody(request: IncomingMessage): boolean {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (length !== undefined) return Number(length) !== 0;
  return isHttp2(request) ? !request.stream.endAfterHeaders : encoding !== undefined;
}

/** Express's types know only HTTP/1; see `createExpressApp`. */
function isHttp2(request: unknown): request is Http2ServerRequest {
  return request instanceof Http2ServerRequest;
}

/** Checks the bytes before they are parsed: the parser would silently drop a BOM and replace broken UTF-8. */
function verify(_request: unknown, _response: unknown, body: Buffer): void {
  if (!isUtf8(body)) throw new SyntaxError('The body is not UTF-8.');
  if (body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf)
    throw new SyntaxError('The body begins with a byte order mark.');
  const problem = shapeProblem(body);
  if (problem !== undefined) throw new SyntaxError(problem);
}

/**
 * Counts the values of a JSON text in one pass without recursion, and stops at the limit. A million empty lists have only 3 MB,
 * but parsing them takes a tenth of a second.
 */
function shapeProblem(json: Buffer): string | undefined {
  let depth = 0;
  let values = 0;
  let inString = false;
  for (let at = 0; at < json.length; at += 1) {
    const char = json[at];
    if (inString && char === BACKSLASH) at += 1;
    else if (char === QUOTE) inString = !inString;
    else if (inString) continue;
    else if (char === COMMA) values += 1;
    else if (char === OPEN_BRACKET || char === OPEN_BRACE) {
      depth += 1;
      values += 1;
    } else if (char === CLOSE_BRACKET || char === CLOSE_BRACE) depth -= 1;
    if (depth > MAX_DEPTH) return `The body nests deeper than ${MAX_DEPTH} levels.`;
    if (values > MAX_VALUES) return `The body holds more than ${MAX_VALUES} values.`;
  }
  return undefined;
}

const [QUOTE, BACKSLASH, OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE, COMMA] = Buffer.from('"\\[]{},');

/** Converts an error of body-parser by its `type`. Its message may quote the body, so it is not repeated. */
function refusal(error: unknown, limit: number): ImageCacheError {
  if (!(error instanceof Error) || !('type' in error)) return ImageCacheError.from(error);
  switch (error.type) {
    case 'entity.too.large':
      return new ImageCacheError('PAYLOAD_TOO_LARGE', `The body is longer than ${limit} bytes.`, {
        hint: 'Send fewer images at a time, or raise the option `bodyLimit`.',
      });
    case 'entity.parse.failed':
      return new ImageCacheError('INVALID_JSON', 'The body is not valid JSON.');
    case 'entity.verify.failed':
      return new ImageCacheError('INVALID_JSON', error.message); // the message is from `verify` above
    case 'encoding.unsupported':
      return new ImageCacheError('UNSUPPORTED_MEDIA_TYPE', 'The body must not be compressed.');
    case 'request.size.invalid':
      return new ImageCacheError('INVALID_BODY', 'The body is not as long as its Content-Length says.');
    case 'request.aborted':
      return new ImageCacheError('ABORTED', 'The client closed the connection while it sent the body.');
    default:
      return ImageCacheError.from(error);
  }
}

function readElsewhere(): ImageCacheError {
  return new ImageCacheError('INVALID_BODY', 'The body was read by another middleware, and not as JSON.', {
    hint: 'Mount the image cache before `express.raw()`, `express.text()` and the like.',
  });
}

function unsupportedType(): ImageCacheError {
  return new ImageCacheError('UNSUPPORTED_MEDIA_TYPE', 'The body must be JSON in UTF-8.', {
    hint: 'Send `Content-Type: application/json`.',
  });
}

function codeOf(issue: z.core.$ZodIssue | undefined): ErrorCode {
  const code = paramOf(issue, 'code');
  return isErrorCode(code) ? code : 'INVALID_BODY';
}

function paramOf(issue: z.core.$ZodIssue | undefined, name: 'code' | 'hint'): unknown {
  return issue?.code === 'custom' ? issue.params?.[name] : undefined;
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_STATUS, value);
}

/** The client chooses the keys as well as the values, so only a key that looks like the name of a field is repeated. */
function fieldName(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === 'number' ? `[${key}]` : /^\w{1,40}$/.test(String(key)) ? `.${String(key)}` : '.…'))
    .join('')
    .replace(/^\./, '');
}

function describe(issue: z.core.$ZodIssue | undefined): string {
  if (issue === undefined) return 'invalid';
  return issue.code === 'unrecognized_keys' ? 'has an unknown field' : issue.message;
}
