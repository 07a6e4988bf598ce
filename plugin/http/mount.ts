import type { RequestHandler } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import { ROUTES, isRouteName } from './access.ts';
import { createEnsureAccess, forbiddenPeer } from './accessPolicy.ts';
import { readJson } from './bodies.ts';
import type { HttpContext } from './context.ts';
import { applyCors, dropForeignCors } from './cors.ts';
import { createExpressApp } from './expressApp.ts';
import { createGuard } from './guard.ts';
import { createHandlers } from './handlers.ts';
import { createImageRoute } from './imageRoute.ts';
import { refusedPageWarning } from './refusedPage.ts';
import { hasLeft } from './requesterSignal.ts';
import { sendJson, sendProblem } from './respond.ts';

/** What connect, Vite and Express mount. Every request it is given ends here: `next` is never called. */
export type Middleware = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

const PATHS = Object.values(ROUTES).map(({ path }) => path);

/**
 * The API as one middleware: guard → access → the image route, plain, or everything else, Express. It never hands an error
 * to the server around it, which would show it, signed URLs included, to logs, overlays and pages.
 */
export function createHandler(context: HttpContext): Middleware {
  const guard = createGuard(context);
  const { access, manage } = context;
  const ensureAccess = createEnsureAccess(access, manage);
  const imageRoute = createImageRoute(context);
  const { app, handle } = createExpressApp();

  const readBody = readJson(context.bodyLimit);
  for (const [name, handler] of createHandlers(context)) {
    const { path, method, access: needed } = ROUTES[name];
    const checkAccess: RequestHandler = async (request, _response, next) => {
      await ensureAccess(request, needed);
      next();
    };
    const answer: RequestHandler = async (request, response) => {
      const json = await handler(request, response);
      if (json !== undefined) sendJson(request, response, json, context.unread);
    };
    if (method === 'POST') app.post(path, checkAccess, readBody, answer);
    else app.get(path, checkAccess, readBody, answer);
  }
  app.use((request) => {
    throw unknownRoute(request);
  });

  function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const failure = toError(error);
    // When it has, an answer that ended early is nobody's fault.
    if (failure.code === 'INTERNAL' && !hasLeft(response)) context.logger.warn(failure.message);
    const warning = refusedPageWarning(request, failure);
    if (warning !== undefined) context.logger.warn(warning);
    if (failure.code === 'METHOD_NOT_ALLOWED') response.setHeader('Allow', allowedMethods(request.url));
    sendProblem(request, response, failure);
  }

  return function imageCacheMiddleware(request, response) {
    try {
      dropForeignCors(response);
      guard(request);
      if (applyCors(context, request, response)) return;
      const { url = '' } = request;
      // A fragment, `*`, or the absolute form (RFC 9112, 3.2.2), whose host the guard has not seen (T11).
      if (!url.startsWith('/') || url.includes('#'))
        throw new ImageCacheError('INVALID_PATH', 'The request target is no path and query.');
      if (isImagePath(url)) {
        if (!access.isOpen(request, ROUTES.image.access)) throw forbiddenPeer();
        imageRoute(request, response)?.catch((error) => refuse(request, response, error));
      } else handle(request, response, (error) => refuse(request, response, error ?? unknownRoute(request)));
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
  const segment = firstSegment(url);
  return isRouteName(segment) && ROUTES[segment].method === 'POST' ? 'POST' : 'GET, HEAD';
}

function unknownRoute(request: IncomingMessage): ImageCacheError {
  const segment = firstSegment(request.url);
  const methods = allowedMethods(request.url);
  if (isRouteName(segment) && !methods.split(', ').includes(request.method ?? '')) {
    return new ImageCacheError('METHOD_NOT_ALLOWED', `/${segment} does not answer to this method.`, {
      hint: `Use ${methods}.`,
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
