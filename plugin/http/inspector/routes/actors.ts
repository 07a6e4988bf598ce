import type { ActorsAnswer } from '../../../inspectorProtocol.ts';
import { defineRoute } from '../../defineRoute.ts';

/** The actors with the most images. */
export const actorsRoute = defineRoute({
  method: 'GET',
  path: '/actors',
  access: 'manage',
  query: { text: 'INVALID_BODY' },
  handler: ({ query: { text = '' }, cache }): Promise<ActorsAnswer> => cache.insight.actors(text),
});
