import { UploadError } from '../uploadError.ts';

/** What the browser's database has thrown, in words. */
export function toStorageError(error: unknown): UploadError {
  if (error instanceof UploadError) return error;
  const name = nameOf(error);
  if (name === 'QuotaExceededError') {
    return new UploadError({
      code: 'QUOTA_EXCEEDED',
      message: 'The browser has no room for this picture.',
      hint: 'Free space on this device, or upload what waits and try again.',
      cause: error,
    });
  }
  if (name === 'VersionError') {
    return new UploadError({
      code: 'PAGE_OUTDATED',
      message: 'Another tab runs a newer version of this page.',
      hint: 'Reload this page.',
      cause: error,
    });
  }
  return new UploadError({
    code: 'STORAGE_UNAVAILABLE',
    message: `The browser's storage cannot be used (${name}).`,
    hint: 'Private windows of some browsers have none, and it can be switched off in the settings. Try a normal window.',
    cause: error,
  });
}

/** The connection is not there any more; another one can be opened. */
export function isConnectionLost(error: unknown): boolean {
  return (
    nameOf(error) === 'InvalidStateError' ||
    /connection .*(lost|closing)/i.test(error instanceof Error ? error.message : '')
  );
}

/** This browser stores no Blob here: Safari in private windows, and now and then elsewhere. */
export function isBlobRefused(error: unknown): boolean {
  return ['DataCloneError', 'UnknownError', 'NotReadableError'].includes(nameOf(error));
}

function nameOf(error: unknown): string {
  // A DOMException is no Error in older browsers, and has a name, too.
  return typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : 'unknown';
}
