import type { LookupAnswer, ManifestEntry } from '../../protocol.ts';
import { parseBody } from '../bodies.ts';
import type { HttpContext } from '../context.ts';
import { isAuthorized } from '../ensureAuthorized.ts';
import type { Handler } from '../handlers.ts';
import { lookupSchema } from '../schemas.ts';

/** `POST /lookup` */
export function lookupRoute(context: HttpContext): Handler {
  return async (request): Promise<LookupAnswer> => {
    const { urls } = parseBody(lookupSchema, request.body);
    const entries = await context.cache.lookup(urls);
    const visible = await Promise.all(
      entries.map(async (entry): Promise<ManifestEntry | null> => {
        return entry !== undefined && (await isAuthorized(context, request, entry)) ? entry : null;
      }),
    );
    return { entries: Object.fromEntries(urls.map((url, index) => [url, visible[index] ?? null])) };
  };
}
