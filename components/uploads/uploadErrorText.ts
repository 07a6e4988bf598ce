import type { UploadPhase } from './imageUploads.ts';
import type { UploadError } from './uploadError.ts';

/** An `UploadError`, or the `error` of an upload or of the status. */
type AnyError = Pick<UploadError, 'code' | 'message'> & Partial<Pick<UploadError, 'errors'>>;

/** As many refused files are said. */
const MAX_SAID = 3;

/** What can be done about a file that was refused. The message says which file it is, and what is wrong with it. */
const PICKED: Readonly<Record<string, string>> = {
  EMPTY_FILE: 'Save the picture on this device first, and pick it from there.',
  FILE_TOO_LARGE: 'Pick a smaller picture.',
  FILE_UNREADABLE: 'It may have been changed or moved, or is still in the cloud. Pick it again.',
  NOT_AN_IMAGE: 'JPEG, PNG, GIF, WebP, AVIF and HEIC pictures can be added.',
};

const NO_CONNECTION = 'There is no connection at the moment. It goes on by itself.';

const TEXTS: Readonly<Record<string, string>> = {
  BYTES_GONE: 'This browser has deleted the picture to make room. Pick it again.',
  CANCELED: 'The upload was canceled.',
  GPS_NOT_REMOVABLE:
    'It may say where it was taken, and that cannot be removed from this file. You can send it as it is, or save it as a JPEG and pick that.',
  NOT_AUTHORIZED: 'You are not signed in, or may not add pictures here. Sign in, and what waits is sent.',
  OTHER_OWNER: 'It belongs to another user of this browser, and waits until that user signs in.',
  OUTBOX_FULL: 'Too many pictures wait to be uploaded. There is room again when some of them are done.',
  PAGE_OUTDATED: 'This page is out of date. Reload it.',
  QUOTA_EXCEEDED: 'There is no room left on this device. Free some, and pick the picture again.',
  STALLED: NO_CONNECTION,
  STORAGE_UNAVAILABLE: 'This browser lets the page save nothing. If this is a private window, try a normal one.',
  TIMEOUT: NO_CONNECTION,
  UNREACHABLE: NO_CONNECTION,
  UPLOAD_NOT_AN_IMAGE: 'Pictures of this kind are not taken. Save it as a JPEG or PNG, and pick that.',
  UPLOAD_TOO_LARGE: 'It is too large. Pick a smaller picture.',
};

const BY_STATUS: Partial<Record<UploadPhase, string>> = {
  failed: 'It could not be uploaded. It is kept: try again, or save it to disk.',
  blocked: 'It cannot be uploaded at the moment. It is kept, and tried again by itself.',
  missing: 'This browser does not have the picture any more. Pick it again.',
};

/**
 * What a visitor reads of an error: what has happened, and what they can do. `message` and `hint` of the error are for developers. For other
 * languages, write a function like it: `<UploadList texts={{ error }}>`.
 * @param status of the upload that it is about, for codes that are not known, e.g. those of a transport of your own
 * @example {error && <p role="alert">{uploadErrorText(error)}</p>}
 */
export function uploadErrorText({ code, message, errors = [] }: AnyError, status?: UploadPhase): string {
  const picked = own(PICKED, code);
  if (picked !== undefined) return `${message} ${picked}`;
  if (code === 'SOME_REFUSED') {
    const more = errors.length - MAX_SAID;
    const said = errors.slice(0, MAX_SAID).map(nameAndText);
    if (more > 0) said.push(more === 1 ? 'One more was not added.' : `${more} more were not added.`);
    return said.join(' ');
  }
  const known = own(TEXTS, code);
  if (known !== undefined) return known;
  if (status === undefined) return 'The picture could not be saved.';
  return BY_STATUS[status] ?? 'It could not be uploaded yet. It is tried again by itself.';
}

/** A code may be any text, also `toString`. */
function own(texts: Readonly<Record<string, string>>, code: string): string | undefined {
  return Object.hasOwn(texts, code) ? texts[code] : undefined;
}

/** Of several, each needs its name. */
function nameAndText(error: UploadError): string {
  const text = uploadErrorText(error);
  const { filename } = error;
  return filename === undefined || text.includes(filename) ? text : `“${filename}”: ${text}`;
}
