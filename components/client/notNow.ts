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

/** Whether S3 has answered, and will answer the same again. */
export function isFinal({ code, transient }: ItemError): boolean {
  return code.startsWith('UPSTREAM_') && code !== 'UPSTREAM_TIMEOUT' && !AWAY.has(code) && transient !== true;
}

/** Whether a request that has no answer, or is refused as a whole, is to be sent once more. */
export function isAway(fault: unknown): boolean {
  // Lost in any other way.
  if (!(fault instanceof ImageCacheRequestError)) return fault !== undefined;
  // Another server answers there: with a page, or as a proxy whose own server is being restarted.
  if (fault.code === 'UNREACHABLE') return fault.status === 0 || fault.status >= 500;
  return AWAY.has(fault.code);
}
