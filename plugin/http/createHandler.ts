import type { RequestHandler } from 'express';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ImageCacheError } from '../errors.ts';
import { SIMULATED_HEADER } from '../protocol.ts';
import { createEnsureAccess, forbiddenPeer } from './accessPolicy.ts';
import { AuthorizedImages } from './authorizedImages.ts';
import { AuthorizedUploads } from './authorizedUploads.ts';
import { readJson } from './jsonBody.ts';
import type { HttpContext } from './context.ts';
import { applyCors, dropForeignCors } from './cors.ts';
import type { MountedRoute, Route } from './defineRoute.ts';
import { EventReaders } from './eventReaders.ts';
import { createExpressApp } from './expressApp.ts';
import { createGuard } from './guard.ts';
import { refusedPageWarning } from './refusedPageWarning.ts';
import type { Middleware } from './middleware.ts';
import { hasLeft } from './requesterSignal.ts';
import { securityHeaders, sendProblem } from './respond.ts';
import { imageRoute } from './routes/image.ts';
import { sendJson } from './sendJson.ts';
import { Door } from './simulation/door.ts';
import { createImageDoor } from './simulation/imageDoor.ts';
import { SimulatedImages } from './simulation/simulatedImages.ts';

/** The routes of an API. */
export interface HandledRoutes {
  /** Present if the API serves images: the plain handler ahead of Express. */
  image?: typeof imageRoute;
  others: readonly MountedRoute[];
}

/** The methods that a route answers to. Express answers HEAD like GET, without the body. */
const ANSWERED: Record<Route['method'], readonly string[]> = {
  GET: ['GET', 'HEAD'],
  POST: ['POST'],
  PUT: ['PUT'],
  DELETE: ['DELETE'],
};
/** The functions of an Express app that mount routes. */
const EXPRESS_METHODS = { GET: 'get', POST: 'post', PUT: 'put', DELETE: 'delete' } as const;

/**
 * Creates an API as one middleware. A request passes the guard, the check of its method and the check of access; then it goes to
 * the image route, which is a plain function, or to Express, which has all others. Errors are never passed on to the server around
 * it, which would show them, with signed URLs, in logs, overlays and pages.
 */
export function createHandler(context: HttpContext, { image, others }: HandledRoutes): Middleware {
  const routes: readonly Route[] = image === undefined ? others : [image, ...others];
  const patterns = routes.map((route) => ({ route, pattern: segmentsOf(route.path) }));
  const guard = createGuard(context);
  const { access, manage, logger, simulation, cache } = context;
  const door = simulation && new Door(simulation, cache);
  const ensureAccess = createEnsureAccess(access, manage);
  const routeContext = {
    ...context,
    authorized: door === undefined ? new AuthorizedImages(context) : new SimulatedImages(context, door),
    authorizedUploads: new AuthorizedUploads(context.uploads, logger),
    readers: new EventReaders(),
  };
  const plain = image?.createPlain(routeContext);
  const answerImage = plain && door ? createImageDoor(door, cache, plain) : plain;
  const { app, handle } = createExpressApp();

  const readBody = readJson(context.bodyLimit);
  for (const route of others) {
    const answerRoute = route.create(routeContext);
    const checkAccess: RequestHandler = async (request, _response, next) => {
      await ensureAccess(request, route.access);
      next();
    };
    const answer: RequestHandler = async (request, response) => {
      if (route.access === 'images' && door?.header !== undefined) response.setHeader(SIMULATED_HEADER, door.header);
      const json = await answerRoute(request, response);
      if (json !== undefined) sendJson(request, response, json, context.outbound);
    };
    const steps = route.readsBody === true ? [checkAccess, answer] : [checkAccess, readBody, answer];
    app[EXPRESS_METHODS[route.method]](route.path, ...steps);
  }
  app.use(() => {
    throw unknownRoute(routes);
  });

  function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const failure = toError(error);
    context.cache.countError(failure.code);
    // If the client has left, it is no fault that the answer ended early.
    if (failure.code === 'INTERNAL' && !hasLeft(response)) logger.warn(failure.message);
    const warning = refusedPageWarning(request, failure);
    if (warning !== undefined) logger.warn(warning);
    sendProblem(request, response, failure);
  }

  return function imageCacheMiddleware(request, response) {
    try {
      dropForeignCors(response);
      guard(request);
      if (applyCors(context, request, response)) return;
      const { url = '', method = '' } = request;
      // Refuses a fragment, `*`, and the absolute form (RFC 9112, 3.2.2), whose host the guard has not checked (T11).
      if (!url.startsWith('/') || url.includes('#'))
        throw new ImageCacheError('INVALID_PATH', 'The request target is not a path with a query.');
      const found: readonly Route[] = image !== undefined && isImagePath(url) ? [image] : routesAt(patterns, url);
      const [route] = found;
      if (route === undefined) throw unknownRoute(routes);
      const methods = found.flatMap((each) => ANSWERED[each.method]);
      if (!methods.includes(method)) answerOtherMethod(route, methods, request, response);
      else if (route !== image || answerImage === undefined)
        handle(request, response, (error) => refuse(request, response, error ?? unknownRoute(routes)));
      else if (!isImagePath(url)) throw unknownRoute(routes);
      else if (!access.isOpen(request, route.access)) throw forbiddenPeer();
      else answerImage(request, response)?.catch((error) => refuse(request, response, error));
    } catch (error) {
      refuse(request, response, error);
    }
  };
}

/** Answers OPTIONS with the allowed methods, and refuses all other methods with the same header (RFC 9110, 9.3.7 and 15.5.6). */
function answerOtherMethod(
  { path }: Route,
  allowed: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const methods = allowed.join(', ');
  response.setHeader('Allow', methods);
  if (request.method === 'OPTIONS') {
    response.writeHead(204, securityHeaders(response)).end();
    return;
  }
  throw new ImageCacheError('METHOD_NOT_ALLOWED', `/${firstSegment(path)} does not answer to this method.`, {
    hint: `Use ${methods}.`,
  });
}

interface Pattern {
  route: Route;
  pattern: readonly string[];
}

/** The routes of a path, one for each method; those that begin like it if there are none, so that they say how they are asked. */
function routesAt(patterns: readonly Pattern[], url: string): Route[] {
  const parts = segmentsOf(url.replace(/[?#].*/s, ''));
  const matching = patterns.filter(({ pattern }) => isMatch(pattern, parts)).map(({ route }) => route);
  const literal = matching.filter(({ path }) => !path.includes(':'));
  if (literal.length > 0) return literal;
  if (matching.length > 0) return matching;
  return patterns.filter(({ pattern }) => pattern[0] === parts[0]).map(({ route }) => route);
}

/** As Express matches them: one slash at the end is none. */
function segmentsOf(path: string): string[] {
  return path.replace(/\/$/, '').split('/').slice(1);
}

function isMatch(pattern: readonly string[], parts: readonly string[]): boolean {
  if (pattern.length !== parts.length) return false;
  return pattern.every((name, index) => (name.startsWith(':') ? parts[index] !== '' : name === parts[index]));
}

function isImagePath(url: string): boolean {
  return url.startsWith('/image') && (url.length === 6 || url[6] === '?');
}

function firstSegment(url: string): string {
  return /^\/([^/?#]*)/.exec(url)?.[1] ?? '';
}

function unknownRoute(routes: readonly Route[]): ImageCacheError {
  return new ImageCacheError('NOT_FOUND', 'The image cache has no such endpoint.', {
    hint: `There are ${[...new Set(routes.map(({ path }) => path))].join(', ')}.`,
  });
}

/** Express reports a path parameter that is not percent-encoded UTF-8 as a URIError of status 400. */
function toError(error: unknown): ImageCacheError {
  if (error instanceof URIError) return new ImageCacheError('INVALID_PATH', 'The path is not percent-encoded UTF-8.');
  return ImageCacheError.from(error);
}
