import { ImageCacheError } from '../../errors.ts';

/** The `code` of a system error, e.g. `ENOENT`; `undefined` for any other value. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Converts an error of the file system into one that tells the developer what to do. */
export function fileError(error: unknown): ImageCacheError {
  if (error instanceof ImageCacheError) return error;
  switch (errnoOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new ImageCacheError('CACHE_DISK_FULL', 'The disk that holds the image cache is full.', {
        cause: error,
        hint: 'Free some space, or lower `maxSize`. Everything cached so far is intact.',
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new ImageCacheError('CACHE_UNWRITABLE', 'The image cache directory cannot be written.', {
        cause: error,
        hint: 'Check the owner and the permissions of `cacheDir`, or choose another directory.',
      });
    case 'EMFILE':
    case 'ENFILE':
      return new ImageCacheError('OVERLOADED', 'Too many files are open.', {
        cause: error,
        hint: 'Raise the limit (`ulimit -n`) or lower `concurrency`.',
      });
    default:
      return ImageCacheError.from(error);
  }
}
