import { expect, test } from 'vitest';
import { formatBytes, formatDuration, formatMs } from '../../../demo/src/format.ts';

test.each([
  [0, '0 MB'],
  [280_193, '0.3 MB'],
  [7_449_000, '7.4 MB'],
  [298_400_000, '298 MB'],
  [1_240_000_000, '1.2 GB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0.2, '1 ms'],
  [4.4, '4 ms'],
  [1_534.2, '1,534 ms'],
])('%d ms are %s', (ms, text) => {
  expect(formatMs(ms)).toBe(text);
});

test('durations change their unit at a second', () => {
  expect(formatDuration(86.4)).toEqual({ value: '86', unit: 'ms' });
  expect(formatDuration(7_649)).toEqual({ value: '7.6', unit: 's' });
});
