import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ManifestEntry } from '../../protocol.ts';
import { parseActorId } from '../actorId.ts';
import type { HttpContext } from '../context.ts';
import { isAuthorized } from '../ensureAuthorized.ts';
import type { Handler } from '../handlers.ts';
import { parseQuery } from '../query.ts';
import { securityHeaders } from '../respond.ts';
import { matches } from '../sendBytes.ts';
import { hasLeft } from '../requesterSignal.ts';

/** The chunks that wait for the reader. */
const CHUNK_BYTES = 1 << 20;
/** The list of entries is kept as it was when the answer began. */
const BYTES_PER_ENTRY = 8;

/** `GET /manifest[?actor_id=]` */
export function manifestRoute(context: HttpContext): Handler {
  const { cache, authorize, unread } = context;
  return async (request, response) => {
    const { actor_id } = parseQuery(request.url, { actor_id: 'INVALID_ACTOR_ID' });
    const actorId = actor_id === undefined ? undefined : parseActorId(actor_id);
    const etag = await cache.manifestTag();

    response.set({ ...securityHeaders(response), 'Cache-Control': 'no-cache' });
    if (authorize === undefined) {
      response.set('ETag', etag);
      if (matches(request.headers['if-none-match'], etag)) {
        response.status(304).end();
        return undefined;
      }
    }
    const filter = authorize && ((entry: ManifestEntry) => isAuthorized(context, request, entry));
    const held = CHUNK_BYTES + cache.size * BYTES_PER_ENTRY;
    unread.admit(held);
    const chunks = await cache.manifest(actorId, filter);
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
  };
}
