import { errnoOf } from '../cache/index.ts';
import { ImageCacheError } from '../errors.ts';

/** Converts an error of the file system into one that says what is wrong with the outbox. */
export function outboxError(error: unknown): ImageCacheError {
  const errno = errnoOf(error);
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new ImageCacheError('OUTBOX_DISK_FULL', 'The disk that holds the outbox of uploads is full.', {
      cause: error,
      hint: 'Free some space. Nothing that was accepted is lost, and the browser keeps its copy of this picture.',
    });
  }
  if (errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS') {
    return new ImageCacheError('CACHE_UNWRITABLE', 'The outbox of uploads cannot be written.', {
      cause: error,
      hint: 'Check the owner and the permissions of `uploads.outboxDir`, or choose another directory.',
    });
  }
  return ImageCacheError.from(error);
}
