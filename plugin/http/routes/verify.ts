import type { VerifyLine, VerifyReport } from '../../protocol.ts';
import { defineRoute } from '../defineRoute.ts';
import { answerInLines, wantsLines } from '../ndjson.ts';
import { requesterSignal } from '../requesterSignal.ts';

/** Answers with one report at the end or, with `Accept: application/x-ndjson`, with lines that tell the progress. */
export const verifyRoute = defineRoute({
  method: 'POST',
  path: '/verify',
  access: 'manage',
  async handler({ request, response, cache, outbound }): Promise<VerifyReport | undefined> {
    const signal = requesterSignal(response);
    if (!wantsLines(request)) return cache.verify({ signal });
    return answerInLines<VerifyLine>(response, outbound, async (send) => ({
      done: true,
      ...(await cache.verify({ signal, onProgress: send })),
    }));
  },
});
