import type { StorageAnswer } from '../../../inspectorProtocol.ts';
import { defineRoute } from '../../defineRoute.ts';

/** What the cache takes on disk and in memory. */
export const storageRoute = defineRoute({
  method: 'GET',
  path: '/storage',
  access: 'manage',
  handler: ({ cache }): Promise<StorageAnswer> => cache.insight.storage(),
});
