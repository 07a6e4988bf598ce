import type { FailureReason } from './prefetchTypes.ts';

/** Pause between two attempts while S3 or the server cannot be reached. It is doubled each time. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;

/** An outage of S3 or the server, and the waits between the attempts to reach it. */
interface Outage {
  /** Why no images arrive. Set while S3 or the server cannot be reached. */
  readonly reason: FailureReason | undefined;
  /** Nothing is sent during a wait. */
  readonly isWaiting: boolean;
  /** Begins to wait, unless it is waiting already. After the wait, one image is tried. */
  begin(reason: FailureReason): void;
  endWait(): void;
  /** Called when an image has arrived, or when none is left to request. */
  end(): void;
}

export function createOutage(
  onChange: () => void,
  after: (ms: number, run: () => void) => void,
  random: () => number,
): Outage {
  let reason: FailureReason | undefined;
  let waits = 0;
  /** The timer of a wait that was ended early does nothing. */
  let wait: object | undefined;

  function endWait(): void {
    wait = undefined;
    onChange();
  }

  return {
    get reason() {
      return reason;
    },
    get isWaiting() {
      return wait !== undefined;
    },
    begin(newReason) {
      reason = newReason;
      onChange();
      if (wait) return;
      const own = (wait = {});
      const ms = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** waits);
      waits += 1;
      // Up to a quarter longer, so that many pages do not try at the same moment.
      after(ms * (1 + random() / 4), () => wait === own && endWait());
    },
    endWait,
    end() {
      reason = undefined;
      waits = 0;
      endWait();
    },
  };
}
