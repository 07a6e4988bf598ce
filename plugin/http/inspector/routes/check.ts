import type { CheckAnswer, CheckLine } from '../../../inspectorProtocol.ts';
import { defineRoute } from '../../defineRoute.ts';
import { answerInLines, wantsLines } from '../../ndjson.ts';
import { requesterSignal } from '../../requesterSignal.ts';

/** Compares every file with the manifest, and mends nothing. With `Accept: application/x-ndjson`, lines tell the progress. */
export const checkRoute = defineRoute({
  method: 'GET',
  path: '/check',
  access: 'manage',
  async handler({ request, response, cache, outbound }): Promise<CheckAnswer | undefined> {
    const signal = requesterSignal(response);
    if (!wantsLines(request)) return cache.insight.check(signal, () => undefined);
    return answerInLines<CheckLine>(response, outbound, (send) => cache.insight.check(signal, send));
  },
});
