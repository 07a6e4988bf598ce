import type { Router } from 'express';
import { ImageCacheError } from '../../errors.ts';
import type { ExistsAnswer } from '../../protocol.ts';
import type { HttpContext } from '../context.ts';
import { isAuthorized } from '../ensureAuthorized.ts';
import { parseQuery } from '../query.ts';
import { sendJson } from '../respond.ts';

/** `GET /exists?path=` or `?url=` */
export function existsRoute(router: Router, context: HttpContext): void {
  const { cache } = context;
  router.get('/exists', async (request, response) => {
    const { path, url } = parseQuery(request.url, { path: 'INVALID_PATH', url: 'INVALID_URL' });
    if ((path === undefined) === (url === undefined)) {
      throw new ImageCacheError('INVALID_PATH', 'Ask by either `path` or `url`.');
    }
    const entry = url === undefined ? await cache.findPath(path ?? '') : await findUrl(url);
    const visible = entry !== undefined && (await isAuthorized(context, request, entry));
    sendJson(request, response, { exists: visible } satisfies ExistsAnswer);
  });

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
