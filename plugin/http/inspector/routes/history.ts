import type { HistoryAnswer } from '../../../inspectorProtocol.ts';
import { defineRoute } from '../../defineRoute.ts';
import { oneOf } from '../parameters.ts';

/** What was served over time, by all processes on the directory. */
export const historyRoute = defineRoute({
  method: 'GET',
  path: '/history',
  access: 'manage',
  query: { span: 'INVALID_BODY' },
  handler: ({ query: { span = '24h' }, cache }): Promise<HistoryAnswer> =>
    cache.insight.history(oneOf('span', span, ['1h', '24h', '30d'])),
});
