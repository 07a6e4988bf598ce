import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseActorId } from '../../../cache/index.ts';
import { abortWhenStalled } from '../../abortResponse.ts';
import { defineRoute } from '../../defineRoute.ts';
import { PACK_TYPE } from '../../packBody.ts';
import { requesterSignal } from '../../requesterSignal.ts';
import { securityHeaders } from '../../respond.ts';

/** A pack, to be saved as a file. If it cannot be completed, the connection is cut, so that it does not look whole. */
export const exportRoute = defineRoute({
  method: 'GET',
  path: '/export',
  access: 'manage',
  query: { actor_id: 'INVALID_ACTOR_ID' },
  async handler({ request, response, query: { actor_id }, cache }): Promise<undefined> {
    const actorId = actor_id === undefined ? undefined : parseActorId(actor_id);
    const signal = requesterSignal(response);
    const head = () =>
      response.writeHead(200, {
        'Content-Type': PACK_TYPE,
        'Content-Disposition': 'attachment; filename="images.tar"',
        'Cache-Control': 'no-store',
        ...securityHeaders(response),
      });
    if (request.method === 'HEAD') {
      head().end();
      return undefined;
    }
    const pack = cache.exportPack({ actorId, signal });
    const first = await pack.next(); // what fails until then is told as an error
    head();
    abortWhenStalled(response);
    async function* all() {
      if (first.done !== true) yield first.value;
      yield* pack;
    }
    await pipeline(Readable.from(all(), { objectMode: false }), response).catch((error: unknown) => {
      if (!signal.aborted) throw error; // otherwise the client has left
    });
    return undefined;
  },
});
