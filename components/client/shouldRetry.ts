import type { ItemError } from '../../plugin/protocol.ts';
import { ImageCacheRequestError, type RequestErrorCode } from './api.ts';
import type { FailureReason } from './prefetchTypes.ts';

/** Codes that say that the server or S3 cannot be reached, or asks to come back later. */
export const AWAY: ReadonlySet<RequestErrorCode> = new Set([
  'UNREACHABLE',
  'OVERLOADED',
  'ABORTED',
  'UPSTREAM_THROTTLED',
  'UPSTREAM_UNREACHABLE',
]);
/** How often an image is requested if S3 has an error of its own (5xx), or does not answer in time. */
const MAX_TRIES = 10;

/**
 * Whether to request a failed image again. While S3 or the server cannot be reached, an image is never given up. An image that S3 does not
 * have or refuses, or that is not an image, has finally failed.
 * @param tries how often it was requested, including this time
 */
export function shouldRetry({ code, transient }: ItemError, tries: number): boolean {
  return AWAY.has(code) || ((transient === true || code === 'UPSTREAM_TIMEOUT') && tries < MAX_TRIES);
}

/** Whether to repeat a request that got no answer, or was refused as a whole. */
export function isAway(fault: unknown): boolean {
  // Any other error means that the connection was lost.
  if (!(fault instanceof ImageCacheRequestError)) return fault !== undefined;
  // No answer, or that of a proxy while its server restarts. If a page answers at the URL of the API, that is a mistake and not an outage.
  return AWAY.has(fault.code) && (fault.status === 0 || fault.status >= 500);
}

/** Why the images of a request that got no answer were not fetched. */
export function reasonOf(fault: unknown): FailureReason {
  if (!(fault instanceof ImageCacheRequestError)) return { code: 'UNREACHABLE', detail: 'The answer ended early.' };
  const { code, detail, hint } = fault;
  return { code, detail, ...(hint !== undefined && { hint }) };
}
