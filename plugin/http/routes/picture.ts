import type { Request, Response } from 'express';
import { ImageCacheError } from '../../errors.ts';
import type { ManifestEntry } from '../../protocol.ts';
import { isNameOf, isPictureName } from '../../uploads/index.ts';
import type { RouteContext } from '../defineRoute.ts';
import { ImageTimer } from '../imageTimer.ts';
import { parseQuery } from '../query.ts';
import { VARIANT_PARAMETERS } from '../variantQuery.ts';
import { createImageAnswer } from './image.ts';

/** `v` is what the client changes to make the browser ask again. */
const PARAMETERS = { v: 'INVALID_URL', ...VARIANT_PARAMETERS } as const;

/**
 * A picture by its reference, `<id>.<ext>`, which contains its key, so that every server of the bucket can resolve it. It is answered as the
 * image route answers the object of that key, `authorize` and all.
 */
export const pictureRoute = { method: 'GET', path: '/i/:name', access: 'images', create } as const;

function create(context: RouteContext) {
  const answer = createImageAnswer(context);
  const timing = { logger: context.logger, recorder: context.cache.insight.recorder };
  return async (request: Request, response: Response): Promise<undefined> => {
    const name = String(request.params['name']);
    const url = context.authorizedUploads.urlOf(parseName(name));
    const query = { ...parseQuery(request.url, PARAMETERS), url };
    await answer(request, response, query, new ImageTimer(timing, performance.now()), (entry) =>
      isOf(name, entry),
    ).catch((error: unknown) => {
      throw isNotThere(error) ? notThere(error) : error;
    });
    return undefined;
  };
}

/** Whether a cached image has the bytes that the name is the digest of, or was made of them. */
function isOf(name: string, { sha256, original_sha256 = sha256 }: ManifestEntry): boolean {
  return isNameOf(name, original_sha256);
}

/** The bucket has no such object. That there is no such bucket has a hint of its own. */
function isNotThere(error: unknown): error is ImageCacheError {
  if (!(error instanceof ImageCacheError) || error.code !== 'UPSTREAM_NOT_FOUND') return false;
  return error.hint?.startsWith('Check the key') === true;
}

/** The key is made by us, so its spelling is not the reason. */
function notThere(error: ImageCacheError): ImageCacheError {
  return new ImageCacheError(error.code, error.message, {
    cause: error,
    hint: 'The picture may still be on the device on which it was picked: it is in the bucket when its upload is `uploaded`. Or it was removed.',
  });
}

/** @throws ImageCacheError INVALID_PATH */
function parseName(name: string): string {
  if (isPictureName(name)) return name;
  throw new ImageCacheError('INVALID_PATH', 'A picture is called by 32 digits, 0 to 9 and a to f, and its extension.', {
    hint: 'Take the last part of the `ref` of an upload, e.g. /i/9f3c….jpg.',
  });
}
