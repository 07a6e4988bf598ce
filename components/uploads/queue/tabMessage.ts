import type { LiveState } from './liveState.ts';
import type { StoredJob } from './storedJob.ts';

/** What tabs tell each other. */
export type TabMessage =
  /** A job has changed. */
  | { type: 'job'; job: StoredJob }
  | { type: 'removed'; jobIds: readonly string[] }
  /** From the tab that sends. */
  | { type: 'live'; live: LiveState }
  /** A new tab wants to know what is going on. */
  | { type: 'hello' }
  /** A picture was removed from its entity. */
  | { type: 'removal' }
  /** Someone has signed in, or the app has reached its server. */
  | { type: 'nudge' }
  /** The user wants a try now. */
  | { type: 'insist' };
