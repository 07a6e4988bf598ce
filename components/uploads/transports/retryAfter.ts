/** What `Retry-After` says, in milliseconds: seconds or a date (RFC 9110, 10.2.3); `undefined` without one. */
export function retryAfterMs(header: string | null, now: number): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - now;
  return ms > 0 ? ms : undefined;
}
