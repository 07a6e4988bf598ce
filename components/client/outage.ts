import type { FailureReason } from './prefetchProgress.ts';

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** S3 or the server is away: why, and when it is asked again. */
export interface Outage {
  /** What was said last; `undefined` while all is well. */
  readonly reason: FailureReason | undefined;
  /** Nothing is asked at the moment. When that ends, one image is tried. */
  readonly isWaiting: boolean;
  /** It is (still) away: waits 1 s, 2 s, 4 s … 30 s. A wait that has begun already goes on. */
  begin(reason: FailureReason): void;
  /** Ends a wait at once. */
  retry(): void;
  /** Something has come: the next wait is a short one. */
  end(): void;
}

export interface OutageSettings {
  onChange: () => void;
  after: (ms: number, run: () => void) => void;
  /** From 0 to 1. Waits are up to a quarter longer by it, so that many pages do not return in one moment. */
  random: () => number;
}

export function createOutage({ onChange, after, random }: OutageSettings): Outage {
  let reason: FailureReason | undefined;
  let waits = 0;
  /** Of the wait that is on: the timer of an earlier one does nothing. */
  let current: object | undefined;

  function retry(): void {
    if (current === undefined) return;
    current = undefined;
    onChange();
  }

  return {
    get reason() {
      return reason;
    },
    get isWaiting() {
      return current !== undefined;
    },
    begin(why) {
      reason = why;
      if (current === undefined) {
        const own = (current = {});
        const ms = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** waits);
        waits += 1;
        after(ms * (1 + random() / 4), () => current === own && retry());
      }
      onChange();
    },
    retry,
    end() {
      if (!reason) return;
      reason = undefined;
      waits = 0;
      onChange();
    },
  };
}
