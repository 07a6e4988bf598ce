import { ImageCacheError } from '../../errors.ts';
import type { ExistsAnswer } from '../../protocol.ts';
import { defineRoute } from '../defineRoute.ts';

/** Says whether an image is cached, by either `path` or `url`. */
export const existsRoute = defineRoute({
  method: 'GET',
  path: '/exists',
  access: 'images',
  query: { path: 'INVALID_PATH', url: 'INVALID_URL' },
  async handler({ request, query: { path, url }, images }): Promise<ExistsAnswer> {
    if ((path === undefined) === (url === undefined)) {
      throw new ImageCacheError('INVALID_PATH', 'The request needs either `path` or `url`.');
    }
    try {
      const entry = await images.find(request, url === undefined ? { path: path ?? '' } : { url });
      return { exists: entry !== undefined };
    } catch (error) {
      // A URL that is in no listed bucket is a valid question, and the answer is no.
      if (ImageCacheError.from(error).code === 'HOST_NOT_ALLOWED') return { exists: false };
      throw error;
    }
  },
});
