import type { Router } from 'express';
import type { InvalidateAnswer } from '../../protocol.ts';
import { parseBody } from '../bodies.ts';
import type { HttpContext } from '../context.ts';
import { sendJson } from '../respond.ts';
import { invalidateSchema } from '../schemas.ts';

/** `POST /invalidate` */
export function invalidateRoute(router: Router, { cache }: HttpContext): void {
  router.post('/invalidate', async (request, response) => {
    const { s3_url } = parseBody(invalidateSchema, request.body);
    sendJson(request, response, { invalidated: await cache.invalidate(s3_url) } satisfies InvalidateAnswer);
  });
}
