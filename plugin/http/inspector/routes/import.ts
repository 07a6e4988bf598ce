import type { ImportAnswer, ImportLine, PackProgress } from '../../../protocol.ts';
import { defineRoute } from '../../defineRoute.ts';
import { answerInLines, wantsLines } from '../../ndjson.ts';
import { packBody } from '../../packBody.ts';
import { requesterSignal } from '../../requesterSignal.ts';
import { discardRest } from '../../uploadBody.ts';

const TELL_EVERY_MS = 200;

/** Takes a pack, which is the body. With `Accept: application/x-ndjson`, lines tell the progress. */
export const importRoute = defineRoute({
  method: 'POST',
  path: '/import',
  access: 'manage',
  readsBody: true,
  async handler({ request, response, cache, outbound }): Promise<ImportAnswer | undefined> {
    try {
      const pack = packBody(request);
      const signal = requesterSignal(response);
      if (!wantsLines(request)) return await cache.importPack(pack, { signal });
      return await answerInLines<ImportLine>(response, outbound, (send) =>
        cache.importPack(pack, { signal, onProgress: nowAndThen(send) }),
      );
    } finally {
      discardRest(request);
    }
  },
});

function nowAndThen(send: (progress: PackProgress) => void): (progress: PackProgress) => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return (progress) => {
    if (performance.now() - toldAt < TELL_EVERY_MS) return;
    toldAt = performance.now();
    send(progress);
  };
}
