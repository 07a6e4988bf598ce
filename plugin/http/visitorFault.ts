import { ImageCacheError } from '../errors.ts';
import type { ErrorCode, ItemError } from '../protocol.ts';

/** What is wrong with the picture, the request or the page. Those who sent it may know it, and can do something about it. */
const THEIRS: ReadonlySet<ErrorCode> = new Set([
  'ENTITY_INVALID',
  'ID_CONFLICT',
  'NOT_AUTHORIZED',
  'OTHER_OWNER',
  'OTHER_PROJECT',
  'PROJECT_MISSING',
  'UPLOADS_OFF',
  'UPLOAD_CONFLICT',
  'UPLOAD_DIGEST',
  'UPLOAD_EMPTY',
  'UPLOAD_NOT_AN_IMAGE',
  'UPLOAD_TIMEOUT',
  'UPLOAD_TOO_LARGE',
  'UPLOAD_UNKNOWN',
]);

const DETAIL = 'The server cannot store pictures at the moment.';
const HINT = 'The reason is in the log of the server.';

/**
 * What visitors of a server of one's own read of a fault. How the server is set up (buckets, credentials, disks) is no concern of theirs; the
 * code stays, and the log has the rest.
 */
export function visitorFault(fault: ItemError): ItemError {
  const { code, transient } = fault;
  return THEIRS.has(code) ? fault : { code, detail: DETAIL, hint: HINT, ...(transient && { transient }) };
}

/** The same of an error that is thrown. */
export function visitorError(error: ImageCacheError): ImageCacheError {
  // The details of INTERNAL are logged, and never sent.
  if (THEIRS.has(error.code) || error.code === 'INTERNAL') return error;
  return new ImageCacheError(error.code, DETAIL, { hint: HINT, retryAfterMs: error.retryAfterMs, cause: error });
}
