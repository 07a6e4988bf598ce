import { expect, it } from 'vitest';
import { ServingRate } from '../../../plugin/cache/fetch/servingRate.ts';

it('is busy while 500 images a second are served, judged ten times a second', () => {
  let now = 0;
  let served = 0;
  const rate = new ServingRate(
    () => served,
    () => now,
  );
  const after = (ms: number, images: number) => {
    now += ms;
    served += images;
    return rate.isBusy;
  };
  expect(after(100, 49)).toBe(false);
  expect(after(100, 50)).toBe(true);
  expect(after(99, 0)).toBe(true);
  expect(after(1, 0)).toBe(false);
  expect(after(60_000, 1000)).toBe(false);
  expect(after(200, 1000)).toBe(true);
});
