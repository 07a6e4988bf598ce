import type { Request, Response } from 'express';
import type { RouteName } from './access.ts';
import type { HttpContext } from './context.ts';
import * as routes from './routes/index.ts';

/** Answers a request. What it resolves with is sent as JSON; `undefined`: it has answered by itself. */
export type Handler = (request: Request, response: Response) => Promise<object | undefined>;

/** All routes but that of images, which does without Express. */
type HandledRoute = Exclude<RouteName, 'image'>;

/** The handler of each route. A route without one, or one that is not in the table of access, does not compile. */
export function createHandlers(context: HttpContext): [name: HandledRoute, handler: Handler][] {
  const handlers: Record<HandledRoute, Handler> = {
    exists: routes.existsRoute(context),
    lookup: routes.lookupRoute(context),
    prefetch: routes.prefetchRoute(context),
    events: routes.eventsRoute(context),
    invalidate: routes.invalidateRoute(context),
    manifest: routes.manifestRoute(context),
    stats: routes.statsRoute(context),
    clear: routes.clearRoute(context),
    'clear-all': routes.clearAllRoute(context),
    pin: routes.pinRoute(context),
    verify: routes.verifyRoute(context),
  };
  // `Object.entries` knows keys as texts only.
  return Object.entries(handlers) as [HandledRoute, Handler][];
}
