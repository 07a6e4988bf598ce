// @vitest-environment node
import { expect, test } from 'vitest';
import { DEFAULT_RETRY_DELAYS } from '../../../../components/uploads/queue/jobState.ts';
import { isDue, retryDelay } from '../../../../components/uploads/queue/retryTimes.ts';

test('the delays are 1 s, 5 s, 30 s, 2 min and 10 min, by half more or less', () => {
  const delays = (random: number): number[] =>
    [1, 2, 3, 4, 5].map((attempts) => retryDelay(DEFAULT_RETRY_DELAYS, attempts, random, undefined) / 1_000);
  expect(delays(0)).toEqual([0.5, 2.5, 15, 60, 300]);
  expect(delays(0.5)).toEqual([1, 5, 30, 120, 600]);
  expect(delays(1)).toEqual([1.5, 7.5, 45, 180, 900]);
});

test('`Retry-After` is the least', () => expect(retryDelay(DEFAULT_RETRY_DELAYS, 1, 0.5, 9_000)).toBe(9_000));

test('C30: a time that is further away than any delay counts as come', () => {
  expect(isDue(100, 99, 10)).toBe(false);
  expect(isDue(100, 100, 10)).toBe(true);
  expect(isDue(1_000, 100, 10)).toBe(true);
  expect(isDue(undefined, 100, 10)).toBe(true);
});
