export { clearRoutes } from './clear.ts';
export { existsRoute } from './exists.ts';
export { invalidateRoute } from './invalidate.ts';
export { lookupRoute } from './lookup.ts';
export { manifestRoute } from './manifest.ts';
export { prefetchRoute } from './prefetch.ts';
export { statsRoute } from './stats.ts';
