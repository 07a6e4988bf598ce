import { ImageCacheError } from '../../errors.ts';
import type { ExistsAnswer } from '../../protocol.ts';
import type { HttpContext } from '../context.ts';
import { isAuthorized } from '../ensureAuthorized.ts';
import type { Handler } from '../handlers.ts';
import { parseQuery } from '../query.ts';

/** `GET /exists?path=` or `?url=` */
export function existsRoute(context: HttpContext): Handler {
  const { cache } = context;
  return async (request): Promise<ExistsAnswer> => {
    const { path, url } = parseQuery(request.url, { path: 'INVALID_PATH', url: 'INVALID_URL' });
    if ((path === undefined) === (url === undefined)) {
      throw new ImageCacheError('INVALID_PATH', 'Ask by either `path` or `url`.');
    }
    const entry = url === undefined ? await cache.findPath(path ?? '') : await findUrl(url);
    const visible = entry !== undefined && (await isAuthorized(context, request, entry));
    return { exists: visible };
  };

  /** A URL outside the allow-list is a well-formed question; the answer is no. */
  async function findUrl(url: string) {
    try {
      return await cache.find(url);
    } catch (error) {
      if (ImageCacheError.from(error).code === 'HOST_NOT_ALLOWED') return undefined;
      throw error;
    }
  }
}
