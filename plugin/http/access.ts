/**
 * What a route gives to a request:
 * - `images`: images, what is known of those that were asked for by name, and downloads. Behind the guard and, image by
 *   image, behind `authorize`.
 * - `invalidate`: one image is forgotten, and fetched again by the next request for it.
 * - `manage`: what concerns the whole cache, or tells of images that were not asked for by name.
 *
 * Who has which of them is said in `accessPolicy.ts`.
 */
export type Access = 'images' | 'invalidate' | 'manage';

interface Route {
  /** As Express has it. */
  path: string;
  /** `GET` includes HEAD. */
  method: 'GET' | 'POST';
  access: Access;
}

/** Every route of the API. `mount.ts` adds routes from this table alone, so none can be without an entry. */
export const ROUTES = {
  image: { path: '/image', method: 'GET', access: 'images' },
  exists: { path: '/exists', method: 'GET', access: 'images' },
  lookup: { path: '/lookup', method: 'POST', access: 'images' },
  prefetch: { path: '/prefetch', method: 'POST', access: 'images' },
  events: { path: '/events', method: 'GET', access: 'images' },
  invalidate: { path: '/invalidate', method: 'POST', access: 'invalidate' },
  manifest: { path: '/manifest', method: 'GET', access: 'manage' },
  stats: { path: '/stats', method: 'GET', access: 'manage' },
  clear: { path: '/clear/:actorId', method: 'POST', access: 'manage' },
  'clear-all': { path: '/clear-all', method: 'POST', access: 'manage' },
  pin: { path: '/pin', method: 'POST', access: 'manage' },
  verify: { path: '/verify', method: 'POST', access: 'manage' },
} as const satisfies Record<string, Route>;

/** The first segment of the route's path. */
export type RouteName = keyof typeof ROUTES;

/** Whether a text, such as the first segment of a path, is the name of a route. */
export function isRouteName(name: string): name is RouteName {
  return Object.hasOwn(ROUTES, name);
}
