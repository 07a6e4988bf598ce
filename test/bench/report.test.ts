import { expect, it } from 'vitest';
import { atLeast, atMost, below, hasFailed, render } from './report.ts';

it('meets a target at its limit, and misses one beyond it', () => {
  expect(hasFailed(atLeast('', 0.9, 0.9))).toBe(false);
  expect(hasFailed(atLeast('', 0.89, 0.9))).toBe(true);
  expect(hasFailed(atMost('', 1.1, 1.1))).toBe(false);
  expect(hasFailed(atMost('', 1.11, 1.1))).toBe(true);
  expect(hasFailed(below('', 64, 64, 'MB'))).toBe(true);
});

it('misses a target that was not measured properly', () => {
  expect(hasFailed(atLeast('', Number.NaN, 0.9))).toBe(true);
  expect(hasFailed(atMost('', Number.NaN, 1.1))).toBe(true);
});

it('shows what was skipped, and does not count it as a failure', () => {
  const check = atLeast('ours / nginx', undefined, 1.7);
  const text = render({
    tables: [],
    checks: [check],
    skipped: ['nginx is not installed: `apt-get install nginx-light`.'],
  });
  expect(hasFailed(check)).toBe(false);
  expect(text).toContain('SKIPPED: nginx is not installed');
  expect(text).toMatch(/\| ours \/ nginx +\| +≥ 1\.7 × +\| +\| skipped \|/);
});
