import type { LiveAnswer } from '../../../inspectorProtocol.ts';
import { VERSION } from '../../../version.ts';
import { defineRoute } from '../../defineRoute.ts';
import { wholeNumber } from '../parameters.ts';

/** What has happened since the last question. Asked once a second while the page is visible. */
export const liveRoute = defineRoute({
  method: 'GET',
  path: '/live',
  access: 'manage',
  query: { since: 'INVALID_BODY' },
  handler: async ({ query: { since }, cache, uploads, simulation }): Promise<LiveAnswer> => {
    const [live, waiting] = await Promise.all([
      cache.insight.live(since === undefined ? undefined : wholeNumber('since', since)),
      uploads.summary(),
    ]);
    return {
      ...live,
      version: VERSION,
      ...(simulation !== undefined && { simulation: simulation.status }),
      ...(waiting !== undefined && { uploads: waiting }),
    };
  },
});
