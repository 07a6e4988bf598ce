import type { ItemError } from '../../plugin/protocol.ts';
import { ImageCacheRequestError, type RequestErrorCode } from './api.ts';

/** Nothing has answered for the image, or it was asked to come back later. */
const AWAY: ReadonlySet<RequestErrorCode> = new Set([
  'UNREACHABLE',
  'OVERLOADED',
  'ABORTED',
  'UPSTREAM_THROTTLED',
  'UPSTREAM_UNREACHABLE',
]);

/** How often an image is asked for of which S3 says that it has an error of its own, or which does not come in time. */
const MAX_TRIES = 10;

/**
 * Whether an image that failed is to be asked for once more. While S3 or the server is away that is never given up; what S3 does
 * not have, refuses, or has no image for, is as it is.
 * @param tries how often it has been asked for, this time included
 */
export function isNotNow({ code, transient }: ItemError, tries: number): boolean {
  if (AWAY.has(code)) return true;
  return (transient === true || code === 'UPSTREAM_TIMEOUT') && tries < MAX_TRIES;
}

/** Whether a request that has no answer, or is refused as a whole, is to be sent once more. */
export function isAway(fault: unknown): boolean {
  // Lost in any other way.
  if (!(fault instanceof ImageCacheRequestError)) return fault !== undefined;
  // Nothing has answered, or a proxy whose own server is being restarted; not one that has a page there.
  return AWAY.has(fault.code) && (fault.status === 0 || fault.status >= 500);
}
