import type { QueueAnswer } from '../../../inspectorProtocol.ts';
import { defineRoute } from '../../defineRoute.ts';

/** What is being downloaded, what waits, and for what. */
export const queueRoute = defineRoute({
  method: 'GET',
  path: '/queue',
  access: 'manage',
  handler: async ({ cache }): Promise<QueueAnswer> => cache.insight.queue(),
});
