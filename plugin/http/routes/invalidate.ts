import type { InvalidateAnswer } from '../../protocol.ts';
import { parseBody } from '../bodies.ts';
import type { HttpContext } from '../context.ts';
import type { Handler } from '../handlers.ts';
import { invalidateSchema } from '../schemas.ts';

/** `POST /invalidate` */
export function invalidateRoute({ cache }: HttpContext): Handler {
  return async (request): Promise<InvalidateAnswer> => {
    const { s3_url } = parseBody(invalidateSchema, request.body);
    return { invalidated: await cache.invalidate(s3_url) };
  };
}
