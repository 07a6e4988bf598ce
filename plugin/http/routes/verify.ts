import { ImageCacheError } from '../../errors.ts';
import type { VerifyLine, VerifyReport } from '../../protocol.ts';
import { defineRoute } from '../defineRoute.ts';
import { beginLines, wantsLines } from '../ndjson.ts';
import { requesterSignal } from '../requesterSignal.ts';

/** Answers with one report at the end or, with `Accept: application/x-ndjson`, with lines that tell the progress. */
export const verifyRoute = defineRoute({
  method: 'POST',
  path: '/verify',
  access: 'manage',
  async handler({ request, response, cache, outbound }): Promise<VerifyReport | undefined> {
    if (!wantsLines(request)) return cache.verify({ signal: requesterSignal(response) });
    const { send, end } = beginLines<VerifyLine>(response, outbound);
    try {
      const report = await cache.verify({ signal: requesterSignal(response), onProgress: send });
      send({ done: true, ...report });
    } catch (error) {
      send({ error: ImageCacheError.from(error).toItem() });
    }
    end();
    return undefined;
  },
});
