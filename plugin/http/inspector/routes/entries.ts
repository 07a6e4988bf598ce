import type { EntriesAnswer, EntryKind, EntryOrder } from '../../../inspectorProtocol.ts';
import { parseActorId } from '../../../cache/index.ts';
import { defineRoute } from '../../defineRoute.ts';
import { oneOf, wholeNumber } from '../parameters.ts';

const KINDS = ['all', 'pinned', 'stale', 'unclaimed', 'quarantined'] as const satisfies readonly EntryKind[];
const ORDERS = ['used', 'stored', 'size', 'name'] as const satisfies readonly EntryOrder[];
const PARAMETERS = {
  actor: 'INVALID_ACTOR_ID',
  kind: 'INVALID_BODY',
  order: 'INVALID_BODY',
  text: 'INVALID_BODY',
  page: 'INVALID_BODY',
  revision: 'INVALID_BODY',
} as const;

/** Images of the manifest, page by page: the first 10,000 of any order, and the number of all. */
export const entriesRoute = defineRoute({
  method: 'GET',
  path: '/entries',
  access: 'manage',
  query: PARAMETERS,
  handler: ({ query: { actor, kind, order, text, page, revision }, cache }): Promise<EntriesAnswer> =>
    cache.insight.entries({
      ...(actor !== undefined && { actor: parseActorId(actor) }),
      ...(kind !== undefined && { kind: oneOf('kind', kind, KINDS) }),
      ...(order !== undefined && { order: oneOf('order', order, ORDERS) }),
      ...(text !== undefined && { text }),
      ...(page !== undefined && { page: wholeNumber('page', page) }),
      ...(revision !== undefined && { revision: wholeNumber('revision', revision) }),
    }),
});
