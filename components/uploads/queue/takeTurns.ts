import type { UploadsEnvironment } from '../environment.ts';
import type { Sender } from './sender.ts';
import type { Locks } from './locks.ts';
import { pause } from './pause.ts';

/** After a fault of the browser's storage. */
const RETRY_MS = 5_000;

export interface Leadership {
  /** The sender, while it is this tab's turn. */
  readonly sender: Sender | undefined;
  /** The tab was hidden: another one that waits goes first, since browsers stop tabs in the background. */
  yieldTurn(): void;
  /** Breaks off what is under way. */
  stop(): Promise<void>;
}

/**
 * Waits for this tab's turn to send, again and again, until it is stopped.
 * @param begin called when the turn has come
 */
export function takeTurns(
  locks: Locks,
  env: UploadsEnvironment,
  begin: () => Promise<Sender>,
  onChange: () => void,
): Leadership {
  const stopped = new AbortController();
  const { signal } = stopped;
  let sender: Sender | undefined;
  let endTurn = (): void => {};

  async function turn(lost: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const own = await begin();
    const isOver = new Promise<void>((resolve) => {
      endTurn = resolve;
      lost.addEventListener('abort', () => resolve());
      signal.addEventListener('abort', () => resolve());
      if (lost.aborted || signal.aborted) resolve();
    });
    sender = own;
    onChange();
    own.wake();
    await isOver;
    // The next tab must not send what is being sent: an orderly end waits for that.
    await (lost.aborted || signal.aborted ? own.stop() : own.retire());
    sender = undefined;
    onChange();
  }

  async function takeAll(): Promise<void> {
    // React's StrictMode starts, stops and starts in one go: what is stopped at once is to take no turn.
    await Promise.resolve();
    while (!signal.aborted) {
      // It fails when the wait is ended, and when the browser's storage is in trouble.
      await locks.hold('send', turn, signal).catch(() => pause(env, RETRY_MS, signal));
    }
  }

  const ended = takeAll();
  return {
    get sender() {
      return sender;
    },
    yieldTurn: () => endTurn(),
    async stop() {
      stopped.abort();
      await ended;
    },
  };
}
