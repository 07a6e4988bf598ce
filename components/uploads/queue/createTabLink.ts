import type { TabPort, UploadsEnvironment } from '../environment.ts';
import type { Sender } from './sender.ts';
import { IDLE, isSameButProgress, type LiveState } from './liveState.ts';
import type { TabMessage } from './tabMessage.ts';

/** Keeps the tabs of one browser in step: all of them show what the one that sends knows. */
export interface TabLink {
  readonly live: LiveState;
  /** Whether another tab was heard of. */
  readonly hasCompany: boolean;
  tell(message: TabMessage): void;
  /** From this tab's sender. */
  setLive(live: LiveState): void;
  /** What waits is tried now, by whatever tab sends; `removal`: there is one more to tell. */
  hurry(type: 'nudge' | 'insist' | 'removal'): void;
  open(): void;
  close(): void;
}

interface TabLinkParts {
  readonly name: string;
  readonly env: UploadsEnvironment;
  /** While it is this tab's turn. */
  sender(): Sender | undefined;
  onMessage(message: TabMessage): void;
  /** The live state is another one. */
  onLive(): void;
}

/** Other tabs are told of progress at most this often. */
const PROGRESS_MS = 200;

export function createTabLink({ name, env, sender, onMessage, onLive }: TabLinkParts): TabLink {
  let port: TabPort | undefined;
  let live: LiveState = IDLE;
  let hasCompany = false;
  let cancelTelling: (() => void) | undefined;

  const tell = (message: TabMessage): void => port?.post(message);

  function tellLive(): void {
    cancelTelling?.();
    cancelTelling = undefined;
    tell({ type: 'live', live });
  }

  function take(message: TabMessage): void {
    hasCompany = true;
    onMessage(message);
    const own = sender();
    if (!own) {
      if (message.type !== 'live') return;
      live = message.live;
      onLive();
    } else if (message.type === 'hello') tellLive();
    else if (message.type === 'nudge' || message.type === 'insist' || message.type === 'removal')
      own.hurry(message.type);
  }

  return {
    tell,
    get live() {
      return live;
    },
    get hasCompany() {
      return hasCompany;
    },
    setLive(next) {
      const isProgress = isSameButProgress(live, next);
      live = next;
      if (!isProgress) tellLive();
      else cancelTelling ??= env.after(PROGRESS_MS, tellLive);
      onLive();
    },
    hurry(type) {
      const own = sender();
      if (own) own.hurry(type);
      else tell({ type });
    },
    open() {
      // Only pages of this origin can write to the channel, and this is all that ours write.
      port = env.openPort(name, (message) => take(message as TabMessage));
      tell({ type: 'hello' });
    },
    close() {
      port?.close();
      port = undefined;
      live = IDLE;
    },
  };
}
