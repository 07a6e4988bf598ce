import { ImageCacheError } from '../../../errors.ts';
import type { ThumbSize } from '../../../inspectorProtocol.ts';
import { defineRoute } from '../../defineRoute.ts';
import { requesterSignal } from '../../requesterSignal.ts';
import { sendText } from '../../respond.ts';
import { oneOf } from '../parameters.ts';

const SIZES = { 256: 256, 1024: 1024 } as const satisfies Record<string, ThumbSize>;

/** A small picture of a cached image, which counts as no use of it and is not stored. */
export const thumbRoute = defineRoute({
  method: 'GET',
  path: '/thumb',
  access: 'manage',
  query: { path: 'INVALID_PATH', size: 'INVALID_BODY' },
  async handler({ request, response, query: { path, size = '256' }, cache, outbound }): Promise<undefined> {
    if (path === undefined) throw new ImageCacheError('INVALID_PATH', 'The request needs a `path`.');
    const pixels = SIZES[oneOf('size', size, ['256', '1024'])];
    const { body, contentType } = await cache.insight.thumb(path, pixels, requesterSignal(response));
    outbound.admit(body.length);
    response.setHeader('Cache-Control', 'private, max-age=31536000, immutable'); // the path has the digest of the image
    sendText(request, response, 200, contentType, body);
    outbound.sent(response, body.length);
    return undefined;
  },
});
