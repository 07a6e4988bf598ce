import type { PinAnswer } from '../../protocol.ts';
import { parseBody } from '../bodies.ts';
import type { HttpContext } from '../context.ts';
import type { Handler } from '../handlers.ts';
import { pinSchema } from '../schemas.ts';

/** `POST /pin` */
export function pinRoute({ cache }: HttpContext): Handler {
  return (request): Promise<PinAnswer> => {
    const { pinned, ...target } = parseBody(pinSchema, request.body);
    return pinned === false ? cache.unpin(target) : cache.pin(target);
  };
}
