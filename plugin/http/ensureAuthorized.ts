import type { IncomingMessage } from 'node:http';
import { DEFAULT_ACTOR_ID, type ImageRef, type ObjectLocation } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';
import type { AuthorizedImage } from '../options.ts';
import type { HttpContext } from './context.ts';

type AskedImage = Omit<AuthorizedImage, keyof ObjectLocation> & Pick<AuthorizedImage, 's3_url'>;

/**
 * Whether the option `authorize` lets a request have an image. All that it is told of the object follows from `s3_url`, so that it
 * cannot decide otherwise of an image that is cached.
 * @throws ImageCacheError INTERNAL when the hook throws
 */
export async function isAuthorized(
  { authorize, cache }: Pick<HttpContext, 'authorize' | 'cache'>,
  request: IncomingMessage,
  image: AskedImage,
): Promise<boolean> {
  if (authorize === undefined) return true;
  const objects = cache.locate(image.s3_url);
  try {
    for (const object of objects) {
      if (!(await authorize(request, { ...image, ...object }))) return false;
    }
    return objects.length > 0;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ImageCacheError('INTERNAL', `The option \`authorize\` threw: ${reason}`, { cause: error });
  }
}

/**
 * Asks about an image before anything is downloaded for it: who may not see it can neither find out whether it is there nor fill
 * the cache.
 * @throws ImageCacheError NOT_AUTHORIZED
 */
export async function ensureImageAuthorized(
  context: Pick<HttpContext, 'authorize' | 'cache'>,
  request: IncomingMessage,
  { image, actorId = DEFAULT_ACTOR_ID }: { image: ImageRef; actorId?: string | undefined },
): Promise<void> {
  if (context.authorize === undefined) return;
  const { key, filename } = image;
  const known = await context.cache.find(image);
  await ensureAuthorized(context, request, known ?? { s3_url: key, filename, actor_id: actorId });
}

/** @throws ImageCacheError NOT_AUTHORIZED when the option `authorize` says no */
export async function ensureAuthorized(
  context: Pick<HttpContext, 'authorize' | 'cache'>,
  request: IncomingMessage,
  image: AskedImage,
): Promise<void> {
  if (await isAuthorized(context, request, image)) return;
  throw new ImageCacheError('NOT_AUTHORIZED', 'You may not see this image.');
}
