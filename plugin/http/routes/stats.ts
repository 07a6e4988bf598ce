import type { Router } from 'express';
import type { HttpContext } from '../context.ts';
import { sendJson } from '../respond.ts';

/** `GET /stats` */
export function statsRoute(router: Router, { cache }: HttpContext): void {
  router.get('/stats', async (request, response) => {
    sendJson(request, response, await cache.stats());
  });
}
