import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parseActorId } from '../actorId.ts';
import { defineRoute } from '../defineRoute.ts';
import { hasLeft } from '../requesterSignal.ts';
import { securityHeaders } from '../respond.ts';
import { matches } from '../sendBytes.ts';

/** The chunks that wait for the reader. */
const CHUNK_BYTES = 1 << 20;
/** The list of entries is kept as it was when the answer began. */
const BYTES_PER_ENTRY = 8;

export const manifestRoute = defineRoute({
  method: 'GET',
  path: '/manifest',
  access: 'manage',
  query: { actor_id: 'INVALID_ACTOR_ID' },
  async handler({ request, response, query: { actor_id }, images, cache, unread }) {
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
    unread.admit(held);
    const chunks = await images.manifest(request, actorId);
    response.set('Content-Type', 'application/json; charset=utf-8');
    if (request.method === 'HEAD') {
      response.end();
      return undefined;
    }
    unread.hold(response, held);
    await pipeline(Readable.from(chunks, { highWaterMark: 2 }), response).catch((error: unknown) => {
      if (!hasLeft(response)) throw error; // else whoever asked has left, which is no fault
    });
    return undefined;
  },
});
