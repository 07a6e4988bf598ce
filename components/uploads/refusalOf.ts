import type { Upload } from './imageUploads.ts';
import { UploadError } from './uploadError.ts';

/** As many are said in a message. */
const MAX_SAID = 3;

/** What `upload()` rejects with: an error for each file that was refused, and the pictures that were saved. */
export function refusalOf(errors: readonly [UploadError, ...UploadError[]], saved: readonly Upload[]): UploadError {
  const [first, ...others] = errors;
  if (others.length === 0) {
    const { code, message, hint, kind, filename } = first;
    return new UploadError({ code, message, hint, kind, filename, errors, saved, cause: first.cause });
  }
  const said = errors.slice(0, MAX_SAID).map(({ message }) => message);
  const more = errors.length - said.length;
  if (more > 0) said.push(more === 1 ? 'One more was refused.' : `${more} more were refused.`);
  // A hint that only fits some of them would mislead.
  const hints = new Set(errors.map(({ hint }) => hint));
  const hint = hints.size === 1 ? first.hint : 'See `errors`: each has a hint of its own. `saved` has the others.';
  return new UploadError({ code: 'SOME_REFUSED', message: said.join(' '), hint, errors, saved });
}

/** The same error with the name of the file that it is about, which its message then has, too. */
export function named(error: UploadError, filename: string): UploadError {
  if (filename === '' || error.filename !== undefined) return error;
  const { code, hint, kind, retryAfterMs, cause } = error;
  const message = error.message.includes(filename) ? error.message : `“${filename}”: ${error.message}`;
  return new UploadError({ code, message, hint, kind, retryAfterMs, filename, cause });
}
