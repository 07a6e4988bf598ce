import { ImageCacheError } from '../../../errors.ts';
import type { EntryAnswer } from '../../../inspectorProtocol.ts';
import { isPictureName } from '../../../uploads/index.ts';
import { defineRoute } from '../../defineRoute.ts';

/**
 * What is known of one image: where it is, what has happened to it, and why it is not cached. It is named by any URL of it, or by what a page
 * knows of it: its `local_path`, or the reference of an upload, `i/<id>.<ext>`.
 */
export const entryRoute = defineRoute({
  method: 'GET',
  path: '/entry',
  access: 'manage',
  query: { url: 'INVALID_URL', path: 'INVALID_PATH' },
  handler: async ({ query: { url, path }, cache, uploads }): Promise<EntryAnswer> => {
    if ((url === undefined) === (path === undefined)) {
      throw new ImageCacheError('INVALID_URL', 'The request needs either a `url` or a `path`.');
    }
    const picture = path?.startsWith('i/') === true ? path.slice(2) : '';
    const asked = url ?? (isPictureName(picture) ? uploads.urlOf(picture) : await cache.insight.urlOfPath(path ?? ''));
    if (asked === undefined) {
      throw new ImageCacheError('NOT_FOUND', 'No image of the cache has this path.', {
        hint: 'It may have been removed, or replaced by a newer version. Look for its name in the list of images.',
      });
    }
    const answer = await cache.insight.entry(asked);
    const place = await uploads.placeOf(answer.s3_url);
    return place === undefined ? answer : { ...answer, places: [...answer.places, place] };
  },
});
