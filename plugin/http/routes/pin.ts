import type { Router } from 'express';
import type { PinAnswer } from '../../protocol.ts';
import { parseBody } from '../bodies.ts';
import type { HttpContext } from '../context.ts';
import { sendJson } from '../respond.ts';
import { pinSchema } from '../schemas.ts';

/** `POST /pin` */
export function pinRoute(router: Router, { cache }: HttpContext): void {
  router.post('/pin', async (request, response) => {
    const { pinned, ...target } = parseBody(pinSchema, request.body);
    const answer = await (pinned === false ? cache.unpin(target) : cache.pin(target));
    sendJson(request, response, answer satisfies PinAnswer);
  });
}
