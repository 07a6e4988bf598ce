import { ImageCacheError } from '../../../errors.ts';
import type { CheckAnswer, CheckLine } from '../../../inspectorProtocol.ts';
import { defineRoute } from '../../defineRoute.ts';
import { beginLines, wantsLines } from '../../ndjson.ts';
import { requesterSignal } from '../../requesterSignal.ts';

/** Compares every file with the manifest, and mends nothing. With `Accept: application/x-ndjson`, lines tell the progress. */
export const checkRoute = defineRoute({
  method: 'GET',
  path: '/check',
  access: 'manage',
  async handler({ request, response, cache, outbound }): Promise<CheckAnswer | undefined> {
    const signal = requesterSignal(response);
    if (!wantsLines(request)) return cache.insight.check(signal, () => undefined);
    const { send, end } = beginLines<CheckLine>(response, outbound);
    try {
      send(await cache.insight.check(signal, send));
    } catch (error) {
      send({ error: ImageCacheError.from(error).toItem() });
    }
    end();
    return undefined;
  },
});
