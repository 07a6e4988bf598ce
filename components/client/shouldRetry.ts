import type { ItemError } from '../../plugin/protocol.ts';
import { ImageCacheRequestError, type RequestErrorCode } from './api.ts';
import type { FailureReason } from './prefetchTypes.ts';

/** Nothing has answered for the image, or the answer was to come back later. */
export const AWAY: ReadonlySet<RequestErrorCode> = new Set([
  'UNREACHABLE',
  'OVERLOADED',
  'ABORTED',
  'UPSTREAM_THROTTLED',
  'UPSTREAM_UNREACHABLE',
]);
/** How often an image is asked for when S3 has an error of its own for it, or when it does not come in time. */
const MAX_TRIES = 10;

/**
 * Whether to ask again for an image that failed. While S3 or the server is away, it is never given up; an image that S3 does not
 * have or refuses, or that is no image, has failed.
 * @param tries how often it has been asked for, this time included
 */
export function shouldRetry({ code, transient }: ItemError, tries: number): boolean {
  return AWAY.has(code) || ((transient === true || code === 'UPSTREAM_TIMEOUT') && tries < MAX_TRIES);
}

/** Whether to send again a request that got no answer, or was refused as a whole. */
export function isAway(fault: unknown): boolean {
  // The connection was lost on the way.
  if (!(fault instanceof ImageCacheRequestError)) return fault !== undefined;
  // Nothing answered, or a proxy whose own server is being restarted. A page where the API should be is no outage.
  return AWAY.has(fault.code) && (fault.status === 0 || fault.status >= 500);
}

/** Why the images of a request that got no answer were not fetched. */
export function reasonOf(fault: unknown): FailureReason {
  if (!(fault instanceof ImageCacheRequestError)) return { code: 'UNREACHABLE', detail: 'The answer ended early.' };
  const { code, detail, hint } = fault;
  return { code, detail, ...(hint !== undefined && { hint }) };
}
