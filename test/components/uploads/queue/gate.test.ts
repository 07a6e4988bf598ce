// @vitest-environment node
import { expect, test } from 'vitest';
import { type Gate, type GateEvent, OPEN, reduceGate } from '../../../../components/uploads/queue/gate.ts';

const error = { code: 'E', message: 'An error.', at: 1 };
const NOW = 1_000_000;
const fault = (reason: 'unreachable' | 'outage' | 'blocked'): GateEvent => ({
  type: 'fault',
  reason,
  error,
  now: NOW,
  random: 0.5,
});
const closed = (reason: 'unreachable' | 'outage' | 'blocked', state: 'closed' | 'trial' = 'closed'): Gate => ({
  state,
  reason,
  error,
  failures: 1,
  until: NOW + 10,
});

test.each<[string, Gate, GateEvent, string]>([
  ['a success opens it', closed('outage'), { type: 'success' }, 'open'],
  ['an answer opens it when nothing had answered', closed('unreachable', 'trial'), { type: 'answer' }, 'open'],
  ['an answer alone ends no outage', closed('outage', 'trial'), { type: 'answer' }, 'trial'],
  ['a fault closes it', OPEN, fault('unreachable'), 'closed'],
  ['its time has not come', closed('outage'), { type: 'tick', now: NOW }, 'closed'],
  ['its time has come', closed('outage'), { type: 'tick', now: NOW + 10 }, 'trial'],
  ['the clock was set back', closed('outage'), { type: 'tick', now: NOW - 86_400_000 }, 'trial'],
])('%s', (_, gate, event, state) => expect(reduceGate(gate, event).state).toBe(state));

test('looks become rarer up to a minute, and somebody who must act is given a minute', () => {
  const waits = (reason: 'unreachable' | 'blocked'): number[] => {
    let gate: Gate = OPEN;
    return Array.from({ length: 9 }, () => {
      gate = reduceGate(gate, fault(reason));
      if (gate.state === 'open') return 0;
      const wait = gate.until - NOW;
      gate = reduceGate(gate, { type: 'tick', now: gate.until });
      return wait;
    });
  };
  expect(waits('unreachable')).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1_000));
  expect(waits('blocked')).toEqual(Array(9).fill(60_000));
});

test('`Retry-After` is kept to, within reason', () => {
  const wait = (retryAfterMs: number): number => {
    const gate = reduceGate(OPEN, { ...fault('outage'), retryAfterMs } as GateEvent);
    return gate.state === 'open' ? 0 : gate.until - NOW;
  };
  expect(wait(30_000)).toBe(30_000);
  expect(wait(1e12)).toBe(15 * 60_000);
});

test('two that fail together count once', () => {
  const once = reduceGate(OPEN, fault('outage'));
  expect(reduceGate(once, fault('outage'))).toBe(once);
});

test('a nudge makes it look at once, but not in an outage that answers; the user may insist', () => {
  const nudge: GateEvent = { type: 'nudge', now: NOW };
  expect(reduceGate(closed('unreachable'), nudge)).toMatchObject({ until: NOW });
  expect(reduceGate(closed('blocked'), nudge)).toMatchObject({ until: NOW });
  expect(reduceGate(closed('outage'), nudge)).toEqual(closed('outage'));
  expect(reduceGate(closed('outage'), { type: 'insist', now: NOW })).toMatchObject({ until: NOW });
});
