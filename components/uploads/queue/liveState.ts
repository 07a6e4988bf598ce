import type { UploadFault } from '../imageUploads.ts';
import type { Gate } from './gate.ts';

/** What the tab that sends knows, and no database needs to: all tabs show it. */
export interface LiveState {
  readonly network: 'online' | 'offline' | 'unreachable' | 'blocked';
  /** Why nothing is sent. */
  readonly error?: UploadFault | undefined;
  /** When that is looked at again, in milliseconds since the epoch. */
  readonly until?: number | undefined;
  /** Bytes that were sent, by job. */
  readonly sending: Readonly<Record<string, number>>;
}

export const IDLE: LiveState = { network: 'online', sending: {} };

/** @param sending bytes by job */
export function liveState(gate: Gate, isOnline: boolean, sending: ReadonlyMap<string, number>): LiveState {
  const live = { sending: Object.fromEntries(sending) };
  if (!isOnline) return { ...live, network: 'offline' };
  if (gate.state === 'open') return { ...live, network: 'online' };
  const { reason, error, until } = gate;
  return { ...live, network: reason === 'blocked' ? 'blocked' : 'unreachable', error, until };
}

/** Whether two differ in something else than how many bytes were sent. */
export function isSameButProgress(a: LiveState, b: LiveState): boolean {
  const without = ({ network, error, until, sending }: LiveState): string =>
    JSON.stringify([network, error, until, Object.keys(sending)]);
  return without(a) === without(b);
}
