import { expect, test } from 'vitest';
import { line, ROUGH, sample, SMOOTH } from '../../../demo/photos/noise.ts';
import { createRandom } from '../../../demo/photos/random.ts';

test.each([
  ['ROUGH', ROUGH],
  ['SMOOTH', SMOOTH],
] as const)('the tile %s fills 0 to 1 and repeats without a seam', (_, tile) => {
  let [low, high] = [Infinity, -Infinity];
  for (const value of tile) [low, high] = [Math.min(low, value), Math.max(high, value)];
  expect([low, high]).toEqual([0, 1]);
  for (let y = 0; y < 512; y += 37) {
    expect(Math.abs(sample(tile, 511, y) - sample(tile, 512, y))).toBeLessThan(0.12);
    expect(sample(tile, -3.5, y)).toBeCloseTo(sample(tile, 508.5, y), 6);
  }
});

test('a line wanders within -1 and 1, without a jump, the same way for the same seed', () => {
  for (let x = -5; x < 5; x += 0.01) {
    expect(Math.abs(line(7, x, 5))).toBeLessThanOrEqual(1);
    expect(Math.abs(line(7, x, 5) - line(7, x + 0.001, 5))).toBeLessThan(0.05);
  }
  expect(line(7, 1.5, 5)).toBe(line(7, 1.5, 5));
  expect(line(7, 1.5, 5)).not.toBe(line(8, 1.5, 5));
});

test('chance is spread evenly over 0 to 1', () => {
  const random = createRandom(1);
  const buckets = Array.from({ length: 10 }, () => 0);
  for (let draw = 0; draw < 10_000; draw++) {
    const bucket = Math.floor(random() * 10);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  expect(Math.min(...buckets)).toBeGreaterThan(900);
  expect(Math.max(...buckets)).toBeLessThan(1_100);
});
