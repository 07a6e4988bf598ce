import type { UploadFault } from '../imageUploads.ts';
import { isDue, lookDelay } from './retryTimes.ts';

/**
 * Whether anything is sent at all. `open`: it is; `closed`: nothing until a certain time, since nothing answers, everything is answered by
 * faults, or somebody must act; `trial`: that time has come, and one picture is tried.
 */
export type Gate =
  | { readonly state: 'open' }
  | {
      readonly state: 'closed' | 'trial';
      readonly reason: 'unreachable' | 'outage' | 'blocked';
      readonly error: UploadFault;
      /** Looks without success. */
      readonly failures: number;
      /** In milliseconds since the epoch. */
      readonly until: number;
    };

export type GateEvent =
  | { type: 'success' }
  | {
      type: 'fault';
      reason: 'unreachable' | 'outage' | 'blocked';
      error: UploadFault;
      now: number;
      random: number;
      retryAfterMs?: number | undefined;
    }
  /** Something answered, whatever it said. */
  | { type: 'answer' }
  /** The network may be back, or the user has signed in. */
  | { type: 'nudge'; now: number }
  /** The user wants a try now. */
  | { type: 'insist'; now: number }
  /** Its time may have come. */
  | { type: 'tick'; now: number };

export const OPEN: Gate = { state: 'open' };
/** No look is further away. */
const LONGEST_MS = 15 * 60_000;

/** A pure function; `test/components/uploads/queue/gate.test.ts` has its table. */
export function reduceGate(gate: Gate, event: GateEvent): Gate {
  if (event.type === 'success') return OPEN;
  if (event.type === 'answer') return gate.state !== 'open' && gate.reason === 'unreachable' ? OPEN : gate;
  if (event.type === 'fault') {
    const { reason, error, now, random, retryAfterMs = 0 } = event;
    // The second of two that were under way together says nothing new.
    if (gate.state === 'closed' && gate.reason === reason) return gate;
    const failures = gate.state === 'open' ? 1 : gate.failures + 1;
    const wait = Math.max(lookDelay(failures, reason, random), Math.min(retryAfterMs, LONGEST_MS));
    return { state: 'closed', reason, error, failures, until: now + wait };
  }
  if (gate.state !== 'closed') return gate;
  // In an outage that answers, each look costs the server something: only its time brings the next.
  if (event.type === 'nudge' && gate.reason === 'outage') return gate;
  if (event.type !== 'tick') return { ...gate, until: event.now };
  return isDue(gate.until, event.now, LONGEST_MS) ? { ...gate, state: 'trial' } : gate;
}
