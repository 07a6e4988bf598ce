import type { Clock } from './clock.ts';

export interface Watchdog {
  /** Starts the limit again, because something happened. */
  touch(): void;
  /** Stops the limit until the next `touch`, because the server must wait for us. */
  pause(): void;
  stop(): void;
}

/**
 * Calls `expire` once when `limitMs` pass without a `touch`. A `touch` is only an assignment and no timer, so it can be called for
 * every chunk of every body.
 */
export function startWatchdog(clock: Clock, limitMs: number, expire: () => void): Watchdog {
  const stopped = new AbortController();
  let idleSince: number | undefined = clock.now();

  const watch = async () => {
    let overdue = false;
    while (!stopped.signal.aborted) {
      const left = idleSince === undefined ? limitMs : idleSince + limitMs - clock.now();
      if (left <= 0 && overdue) return expire();
      // After a block, the event loop runs timers before sockets. Data that has arrived meanwhile is handled first.
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
    // Without a reason, each abort would create an error with a stack, several times per download.
    stop: () => stopped.abort(null),
  };
}
