/** Between two looks whether anything answers again, in milliseconds. */
const FIRST_LOOK_MS = 1_000;
const LAST_LOOK_MS = 60_000;
/** What needs somebody to act is looked at this often. */
const BLOCKED_MS = 60_000;

/** Spread out, so that what failed together does not come back together. */
function withJitter(ms: number, random: number): number {
  return Math.round(ms * (0.5 + random));
}

/**
 * How long a picture waits before its next try.
 * @param attempts how many of its tries were charged, this one included
 */
export function retryDelay(
  delays: readonly number[],
  attempts: number,
  random: number,
  retryAfterMs: number | undefined,
): number {
  const ms = delays[Math.min(attempts, delays.length) - 1] ?? 0;
  return Math.max(withJitter(ms, random), retryAfterMs ?? 0);
}

/** How long the whole queue waits, after so many looks without success. */
export function lookDelay(failures: number, reason: 'unreachable' | 'outage' | 'blocked', random: number): number {
  if (reason === 'blocked') return BLOCKED_MS;
  return withJitter(Math.min(FIRST_LOOK_MS * 2 ** Math.min(failures - 1, 10), LAST_LOOK_MS), random);
}

/**
 * Whether a time has come. One that is further away than any wait can be was written before the clock was set back (UPLOADS C30),
 * and counts as come.
 * @param longest the longest wait there is
 */
export function isDue(at: number | undefined, now: number, longest: number): boolean {
  return at === undefined || at <= now || at > now + 2 * longest;
}
