import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseActorId } from '../../cache/index.ts';
import { defineRoute } from '../defineRoute.ts';
import { hasLeft } from '../requesterSignal.ts';
import { securityHeaders } from '../respond.ts';
import { matches } from '../sendBytes.ts';

/** Estimated bytes of the chunks that wait for the client. */
const CHUNK_BYTES = 1 << 20;
/** Estimated memory per entry: a copy of the list of entries is kept until the answer ends. */
const BYTES_PER_ENTRY = 8;

export const manifestRoute = defineRoute({
  method: 'GET',
  path: '/manifest',
  access: 'manage',
  query: { actor_id: 'INVALID_ACTOR_ID' },
  async handler({ request, response, query: { actor_id }, images, cache, outbound }) {
    const actorId = actor_id === undefined ? undefined : parseActorId(actor_id);
    const etag = await cache.manifestTag();

    response.set({ ...securityHeaders(response), 'Cache-Control': 'no-cache' });
    if (images.areOpen) {
      response.set('ETag', etag);
      if (matches(request.headers['if-none-match'], etag)) {
        response.status(304).end();
        return undefined;
      }
    }
    const held = CHUNK_BYTES + cache.size * BYTES_PER_ENTRY;
    outbound.admit(held);
    const chunks = await images.manifest(request, actorId);
    response.set('Content-Type', 'application/json; charset=utf-8');
    if (request.method === 'HEAD') {
      response.end();
      return undefined;
    }
    outbound.hold(response, held);
    await pipeline(Readable.from(chunks, { highWaterMark: 2 }), response).catch((error: unknown) => {
      if (!hasLeft(response)) throw error; // it is no fault if the client has left
    });
    return undefined;
  },
});
