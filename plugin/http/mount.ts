import type { IncomingMessage, ServerResponse } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import { readJson } from './bodies.ts';
import type { HttpContext } from './context.ts';
import { applyCors, dropForeignCors } from './cors.ts';
import { createExpressApp } from './expressApp.ts';
import { createGuard } from './guard.ts';
import { createImageRoute } from './imageRoute.ts';
import { sendProblem } from './respond.ts';
import * as routes from './routes/index.ts';

/** What connect, Vite and Express mount. Every request it is given ends here: `next` is never called. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/** The methods of each path, for the `Allow` of a 405. */
const ALLOWED: Record<string, string> = {
  manifest: 'GET, HEAD',
  exists: 'GET, HEAD',
  stats: 'GET, HEAD',
  events: 'GET, HEAD',
  lookup: 'POST',
  prefetch: 'POST',
  invalidate: 'POST',
  verify: 'POST',
  pin: 'POST',
  clear: 'POST',
  'clear-all': 'POST',
};

const PATHS = ['image', ...Object.keys(ALLOWED)].map((name) => (name === 'clear' ? '/clear/:actorId' : `/${name}`));

/**
 * The API as one middleware: guard → the image route, plain → everything else, Express. It never hands an error to the
 * server around it, which would show it, signed URLs included, to logs, overlays and pages.
 */
export function createHandler(context: HttpContext): Middleware {
  const guard = createGuard(context);
  const imageRoute = createImageRoute(context);
  const { app, handle } = createExpressApp();

  app.use(readJson(context.bodyLimit));
  for (const addRoute of Object.values(routes)) addRoute(app, context);
  app.use((request) => {
    throw unknownRoute(request);
  });

  function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const failure = toError(error);
    const hasLeft = response.destroyed; // then an answer that ended early is nobody's fault
    if (failure.code === 'INTERNAL' && !hasLeft) context.logger.warn(failure.message);
    if (failure.code === 'METHOD_NOT_ALLOWED') response.setHeader('Allow', allowedMethods(request.url));
    sendProblem(request, response, failure);
  }

  return function imageCacheMiddleware(request, response) {
    try {
      dropForeignCors(response);
      guard(request);
      if (applyCors(context.allowedOrigins, request, response)) return;
      const { url = '' } = request;
      // A fragment, `*`, or the absolute form (RFC 9112, 3.2.2), whose host the guard has not seen (T11).
      if (!url.startsWith('/') || url.includes('#'))
        throw new ImageCacheError('INVALID_PATH', 'The request target is no path and query.');
      if (isImagePath(url)) imageRoute(request, response)?.catch((error) => refuse(request, response, error));
      else handle(request, response, (error) => refuse(request, response, error ?? unknownRoute(request)));
    } catch (error) {
      refuse(request, response, error);
    }
  };
}

function isImagePath(url: string): boolean {
  return url.startsWith('/image') && (url.length === 6 || url[6] === '?');
}

function firstSegment(url = ''): string {
  return /^\/([^/?#]*)/.exec(url)?.[1] ?? '';
}

function allowedMethods(url: string | undefined): string {
  return ALLOWED[firstSegment(url)] ?? 'GET, HEAD';
}

function unknownRoute(request: IncomingMessage): ImageCacheError {
  const segment = firstSegment(request.url);
  if (
    Object.hasOwn(ALLOWED, segment) &&
    !allowedMethods(request.url)
      .split(', ')
      .includes(request.method ?? '')
  ) {
    return new ImageCacheError('METHOD_NOT_ALLOWED', `/${segment} does not answer to this method.`, {
      hint: `Use ${allowedMethods(request.url)}.`,
    });
  }
  return new ImageCacheError('NOT_FOUND', 'The image cache has no such endpoint.', {
    hint: `There are ${PATHS.join(', ')}.`,
  });
}

/** Express reports a path parameter that is not percent-encoded UTF-8 as a URIError of status 400. */
function toError(error: unknown): ImageCacheError {
  if (error instanceof URIError) return new ImageCacheError('INVALID_PATH', 'The path is not percent-encoded UTF-8.');
  return ImageCacheError.from(error);
}
