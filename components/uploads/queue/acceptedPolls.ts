const FIRST_MS = 2_000;
const LAST_MS = 60_000;

/** When to ask a server what has become of the pictures that it has accepted: 2 s after it did, then less and less often. */
export interface AcceptedPolls {
  /** One more was accepted. */
  soon(now: number): void;
  /** Something may have changed. */
  now(): void;
  isDue(now: number): boolean;
  /** It was asked. */
  asked(now: number): void;
  /** In milliseconds since the epoch. */
  readonly at: number;
}

export function createAcceptedPolls(): AcceptedPolls {
  let delay = FIRST_MS;
  let at = 0;
  return {
    soon(now) {
      delay = FIRST_MS;
      at = now + delay;
    },
    now() {
      delay = FIRST_MS;
      at = 0;
    },
    // One that is too far away was set before the clock was set back.
    isDue: (now) => at <= now || at > now + 2 * LAST_MS,
    asked(now) {
      at = now + delay;
      delay = Math.min(delay * 1.5, LAST_MS);
    },
    get at() {
      return at;
    },
  };
}
