import type { Router } from 'express';
import type { ClearAnswer } from '../../protocol.ts';
import { parseActorId } from '../actorId.ts';
import type { HttpContext } from '../context.ts';
import { sendJson } from '../respond.ts';

/** `POST /clear/:actorId` and `POST /clear-all` */
export function clearRoutes(router: Router, { cache }: HttpContext): void {
  router.post('/clear/:actorId', async (request, response) => {
    sendJson(request, response, (await cache.clear(parseActorId(request.params.actorId))) satisfies ClearAnswer);
  });
  router.post('/clear-all', async (request, response) => {
    sendJson(request, response, (await cache.clear()) satisfies ClearAnswer);
  });
}
