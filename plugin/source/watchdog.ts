import type { Clock } from './clock.ts';

export interface Watchdog {
  /** Something happened: the full limit begins again. */
  touch(): void;
  /** The wait is ours, not theirs: nothing expires until the next `touch`. */
  pause(): void;
  stop(): void;
}

/**
 * Calls `expire` once when `limitMs` pass without a `touch`. Touching costs an assignment, not a timer, so it can
 * be done for every chunk of every body.
 */
export function startWatchdog(clock: Clock, limitMs: number, expire: () => void): Watchdog {
  const stopped = new AbortController();
  let idleSince: number | undefined = clock.now();

  const watch = async () => {
    let overdue = false;
    while (!stopped.signal.aborted) {
      const left = idleSince === undefined ? limitMs : idleSince + limitMs - clock.now();
      if (left <= 0 && overdue) return expire();
      // A loop that was blocked runs its timers before it looks at its sockets: what came meanwhile is seen first.
      overdue = left <= 0;
      await clock.sleep(Math.max(left, 0), stopped.signal);
    }
  };
  void watch();

  return {
    touch: () => {
      idleSince = clock.now();
    },
    pause: () => {
      idleSince = undefined;
    },
    // Without a reason of ours, each would be an error with a stack, several times a download.
    stop: () => stopped.abort(null),
  };
}
