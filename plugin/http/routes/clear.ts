import type { ClearAnswer } from '../../protocol.ts';
import { parseActorId } from '../actorId.ts';
import type { HttpContext } from '../context.ts';
import type { Handler } from '../handlers.ts';

/** `POST /clear/:actorId` */
export function clearRoute({ cache }: HttpContext): Handler {
  return async (request): Promise<ClearAnswer> => {
    // Express's types know no parameters of a path that is a variable.
    return cache.clear(parseActorId(String(request.params['actorId'])));
  };
}

/** `POST /clear-all` */
export function clearAllRoute({ cache }: HttpContext): Handler {
  return (): Promise<ClearAnswer> => cache.clear();
}
