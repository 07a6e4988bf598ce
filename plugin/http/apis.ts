import { createHandler } from './createHandler.ts';
import type { HttpContext } from './context.ts';
import type { MountedRoute, Route } from './defineRoute.ts';
import * as inspectorRoutes from './inspector/routes/index.ts';
import * as simulationRoutes from './simulation/routes.ts';
import type { Middleware } from './middleware.ts';
import * as routes from './routes/index.ts';

const { imageRoute, ...expressRoutes } = routes;

/** All routes of the API. A test compares docs/http.md with them. */
export const ROUTES: readonly Route[] = Object.values(routes);
/** What only the inspector asks. A test compares docs/http.md with them, too. */
export const INSPECTOR_ROUTES: readonly MountedRoute[] = Object.values(inspectorRoutes);
/** Where faults can be simulated: in Vite's servers. A test compares docs/http.md with them, too. */
export const SIMULATION_ROUTES: readonly MountedRoute[] = Object.values(simulationRoutes);

/** Calls of the API that the inspector's page asks as well, so that it needs no other address than its own. */
const SHARED: readonly MountedRoute[] = [
  routes.statsRoute,
  routes.doctorRoute,
  routes.pinRoute,
  routes.invalidateRoute,
  routes.clearRoute,
  routes.clearAllRoute,
  routes.verifyRoute,
  routes.uploadsRoute,
  routes.uploadRetryRoute,
  routes.uploadCancelRoute,
];

/** Creates the API of the cache as one middleware. In Vite's servers, the calls of the inspector are part of it, for `curl`. */
export function createCacheApi(context: HttpContext): Middleware {
  const others = [...Object.values(expressRoutes), ...simulationRoutesOf(context)];
  return createHandler(context, {
    image: imageRoute,
    others: context.hasInspector ? [...others, ...INSPECTOR_ROUTES] : others,
  });
}

/**
 * Creates the calls below the inspector's page (`<base>/__image-cache/api/`) as one middleware. They pass the same guard and need the
 * same access as the management of the cache.
 */
export function createInspectorApi(context: HttpContext): Middleware {
  // Images as well, for the line that is copied for curl.
  const others = [...INSPECTOR_ROUTES, ...SHARED, ...simulationRoutesOf(context)];
  return createHandler(context, { image: imageRoute, others });
}

function simulationRoutesOf({ simulation }: HttpContext): readonly MountedRoute[] {
  return simulation === undefined ? [] : SIMULATION_ROUTES;
}
