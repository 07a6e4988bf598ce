import type { Request } from 'express';
import { ImageCacheError } from '../errors.ts';
import { uploadBody } from './uploadBody.ts';

/** The type of a pack. No browser sends it to another origin without asking first. */
export const PACK_TYPE = 'application/x-tar';

/**
 * The bytes of a pack that a request brings, as they come.
 * @throws ImageCacheError UNSUPPORTED_MEDIA_TYPE, and while it is read what `uploadBody` throws
 */
export function packBody(request: Request): AsyncIterable<Uint8Array> {
  if (request.headers['content-type']?.toLowerCase() === PACK_TYPE) return uploadBody(request);
  throw new ImageCacheError('UNSUPPORTED_MEDIA_TYPE', 'The body must be a pack.', {
    hint: `Send \`Content-Type: ${PACK_TYPE}\`, e.g. \`curl -X POST -T images.tar -H 'Content-Type: ${PACK_TYPE}' …/import\`.`,
  });
}
