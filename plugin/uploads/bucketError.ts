import { ImageCacheError } from '../errors.ts';

/** What the bucket refuses is no fault of the client, which has to ask again. */
export function bucketError(thrown: unknown): ImageCacheError {
  const error = ImageCacheError.from(thrown);
  if (error.status >= 502) return error;
  return new ImageCacheError('UPSTREAM_ERROR', error.message, { hint: error.hint, cause: error });
}
