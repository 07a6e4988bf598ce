import type { IncomingHttpHeaders } from 'node:http';

/** If an origin asks for a longer wait, it is asked again sooner: a page should not wait minutes for an image. */
const LONGEST_RETRY_AFTER_MS = 30_000;

/**
 * `Retry-After` in milliseconds (RFC 9110 §10.2.3), limited. A date is compared with the `Date` of the same answer, because our own
 * clock may be wrong.
 */
export function parseRetryAfter(headers: IncomingHttpHeaders): number | undefined {
  const value = headers['retry-after'];
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.parse(headers.date ?? '');
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), LONGEST_RETRY_AFTER_MS) : undefined;
}
