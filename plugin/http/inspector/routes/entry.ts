import { ImageCacheError } from '../../../errors.ts';
import type { EntryAnswer } from '../../../inspectorProtocol.ts';
import { defineRoute } from '../../defineRoute.ts';

/** What is known of one image: where it is, what has happened to it, and why it is not cached. */
export const entryRoute = defineRoute({
  method: 'GET',
  path: '/entry',
  access: 'manage',
  query: { url: 'INVALID_URL' },
  handler: async ({ query: { url }, cache, uploads }): Promise<EntryAnswer> => {
    if (url === undefined) throw new ImageCacheError('INVALID_URL', 'The request needs a `url`.');
    const answer = await cache.insight.entry(url);
    const place = await uploads.placeOf(answer.s3_url);
    return place === undefined ? answer : { ...answer, places: [...answer.places, place] };
  },
});
