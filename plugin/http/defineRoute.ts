import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { ErrorCode } from '../protocol.ts';
import type { Access } from './accessPolicy.ts';
import type { AuthorizedImages } from './authorizedImages.ts';
import { parseBody } from './bodies.ts';
import type { HttpContext } from './context.ts';
import type { EventReaders } from './eventReaders.ts';
import { parseQuery } from './query.ts';

/** What all routes share. */
export interface RouteContext extends HttpContext {
  authorized: AuthorizedImages;
  readers: EventReaders;
}

export interface Route {
  /** `GET` includes HEAD. */
  readonly method: 'GET' | 'POST';
  /** As Express has it. No two routes have the same first segment. */
  readonly path: `/${string}`;
  readonly access: Access;
}

/** One request, as its route sees it. */
interface Call<Body, Parameter extends string> extends Pick<RouteContext, 'unread' | 'readers'> {
  request: Request;
  response: Response;
  /** As the route's `body` has it. */
  body: Body;
  /** As the route's `query` has it. */
  query: Partial<Record<Parameter, string>>;
  /** All that a route of images gets of the cache. It asks `authorize`. */
  images: AuthorizedImages;
}

/** Where the whole cache is managed, or an image is forgotten, there is also the cache itself. */
type CallOf<A extends Access, Body, Parameter extends string> = Call<Body, Parameter> &
  (A extends 'images' ? unknown : Pick<RouteContext, 'cache'>);

interface Definition<A extends Access, Body, Parameter extends string> extends Route {
  access: A;
  /** Makes the body of the request what the handler takes. @default there is none */
  body?: z.ZodType<Body>;
  /** The parameters of the query, with the code of a refusal. @default the query is not looked at */
  query?: Record<Parameter, ErrorCode>;
  /** Answers. What it resolves with is sent as JSON; `undefined`: it has answered by itself. */
  handler(call: CallOf<A, Body, Parameter>): Promise<object | undefined>;
}

/**
 * Defines a route: what is asked, who may ask, and what is answered. From the list of all of them (`routes/index.ts`) follow what is
 * mounted, the check of access, and the answers to all other methods.
 *
 * A handler of the access `images` gets no cache but {@link AuthorizedImages}, so it cannot forget to ask `authorize`.
 */
export function defineRoute<A extends Access, Body = undefined, Parameter extends string = never>(
  route: Definition<A, Body, Parameter>,
) {
  const { method, path, access, body: schema, query: parameters, handler } = route;
  const create = ({ cache, authorized: images, unread, readers }: RouteContext) => {
    return (request: Request, response: Response): Promise<object | undefined> => {
      const body = schema && parseBody(schema, request.body);
      const query = parameters && parseQuery(request.url, parameters);
      const call = { request, response, body, query, images, unread, readers };
      // Without a schema, `Body` is `undefined`, and without parameters nobody can read any; the cache is there where `A` says so.
      return handler((access === 'images' ? call : { ...call, cache }) as CallOf<A, Body, Parameter>);
    };
  };
  return { method, path, access, create };
}
