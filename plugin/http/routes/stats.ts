import type { CacheStats } from '../../protocol.ts';
import { defineRoute } from '../defineRoute.ts';

export const statsRoute = defineRoute({
  method: 'GET',
  path: '/stats',
  access: 'manage',
  handler: ({ cache }): Promise<CacheStats> => cache.stats(),
});
