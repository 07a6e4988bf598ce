import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { ErrorCode } from '../protocol.ts';
import type { Access } from './accessPolicy.ts';
import type { AuthorizedImages } from './authorizedImages.ts';
import type { AuthorizedUploads } from './authorizedUploads.ts';
import { parseBody } from './jsonBody.ts';
import type { HttpContext } from './context.ts';
import type { EventReaders } from './eventReaders.ts';
import { parseQuery } from './query.ts';

/** What is shared by all routes. */
export interface RouteContext extends HttpContext {
  authorized: AuthorizedImages;
  authorizedUploads: AuthorizedUploads;
  readers: EventReaders;
}

export interface Route {
  /** `GET` includes HEAD. */
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As Express writes it. */
  readonly path: `/${string}`;
  readonly access: Access;
  /** The handler reads the body itself, and checks its type. Any other body is JSON. @default false */
  readonly readsBody?: boolean;
}

/** A route that Express serves. */
export interface MountedRoute extends Route {
  /** Creates the function that answers a request; its result is sent as JSON, unless it is `undefined`. */
  create(context: RouteContext): (request: Request, response: Response) => Promise<object | undefined>;
}

/** One request, as its route gets it. */
interface Call<Body, Parameter extends string> extends Pick<RouteContext, 'outbound' | 'readers'> {
  request: Request;
  response: Response;
  /** The body, parsed by the route's `body`. */
  body: Body;
  /** The parameters that the route's `query` names. */
  query: Partial<Record<Parameter, string>>;
  /** The cache behind `authorize`. A route of images gets nothing else of the cache. */
  images: AuthorizedImages;
  /** All that a route gets of the uploads. It asks `authorizeUpload`. */
  uploads: AuthorizedUploads;
}

/** Routes that manage the cache or invalidate an image also get the cache itself, the doctor, and the simulation. */
type CallOf<A extends Access, Body, Parameter extends string> = Call<Body, Parameter> &
  (A extends 'images' | 'uploads' ? unknown : Pick<RouteContext, 'cache' | 'doctor' | 'simulation'>);

interface Definition<A extends Access, Body, Parameter extends string> extends Route {
  access: A;
  /** Parses the body of the request. @default there is no body */
  body?: z.ZodType<Body>;
  /** The parameters of the query, each with the error code for a wrong value. @default the query is ignored */
  query?: Record<Parameter, ErrorCode>;
  /** Answers the request. Its result is sent as JSON; `undefined` means that it has sent an answer by itself. */
  handler(call: CallOf<A, Body, Parameter>): Promise<object | undefined>;
}

/**
 * Defines a route: its request, who may use it, and its answer. `apis.ts` has the lists of routes; `createHandler.ts` mounts each of
 * a list, checks the access to it, and refuses all other methods.
 *
 * A handler with the access `images` or `uploads` gets only {@link AuthorizedImages} and {@link AuthorizedUploads}, so it cannot forget to
 * ask `authorize` or `authorizeUpload`.
 */
export function defineRoute<A extends Access, Body = undefined, Parameter extends string = never>(
  route: Definition<A, Body, Parameter>,
) {
  const { method, path, access, readsBody = false, body: schema, query: parameters, handler } = route;
  const create = ({
    cache,
    doctor,
    simulation,
    authorized: images,
    authorizedUploads: uploads,
    outbound,
    readers,
  }: RouteContext) => {
    return (request: Request, response: Response): Promise<object | undefined> => {
      const body = schema && parseBody(schema, request.body);
      const query = parameters && parseQuery(request.url, parameters);
      const call = { request, response, body, query, images, uploads, outbound, readers };
      const needsCache = access !== 'images' && access !== 'uploads';
      // Without a schema, `Body` is `undefined`; without parameters, the type has none; the cache is there if `A` needs it.
      return handler((needsCache ? { ...call, cache, doctor, simulation } : call) as CallOf<A, Body, Parameter>);
    };
  };
  return { method, path, access, readsBody, create };
}
