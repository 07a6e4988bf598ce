import { expect, test } from 'vitest';
import { hex, mix, shift, smoothstep } from '../../../demo/photos/colour.ts';
import { lightAt } from '../../../demo/photos/light.ts';

const close = (colour: readonly number[]) => colour.map((value) => expect.closeTo(value, 2));

test('a mix begins with one colour and ends with the other', () => {
  const [orange, blue] = [hex('#ff9f60'), hex('#34437a')];
  expect(mix(orange, blue, 0)).toEqual(close(orange));
  expect(mix(orange, blue, 1)).toEqual(close(blue));
});

test('no shift leaves a colour as it was', () => {
  expect(shift(hex('#3fc0c4'), [0, 0, 0])).toEqual(close(hex('#3fc0c4')));
});

test('colours that OKLab can name and sRGB cannot show stay within 0 and 1', () => {
  for (const value of shift(hex('#ff0000'), [0.2, 0.3, 0.3])) {
    expect(value).toBeGreaterThanOrEqual(0);
    expect(value).toBeLessThanOrEqual(1);
  }
});

test('smoothstep rises or falls, and stays within 0 and 1', () => {
  expect([-1, 0, 0.5, 1, 2].map((value) => smoothstep(0, 1, value))).toEqual([0, 0, 0.5, 1, 1]);
  expect([0, 1].map((value) => smoothstep(1, 0, value))).toEqual([1, 0]);
});

test('a day passes through its moments in order, without a jump', () => {
  const day = ['noon', 'sunset', 'night'] as const;
  const nights = Array.from({ length: 41 }, (_, step) => lightAt(day, step / 40, [0, 0, 0]).night);
  expect(nights[0]).toBe(0);
  expect(nights.at(-1)).toBe(1);
  for (const [index, night] of nights.slice(1).entries()) {
    expect(night - (nights[index] ?? 0)).toBeGreaterThanOrEqual(0);
    expect(night - (nights[index] ?? 0)).toBeLessThan(0.06);
  }
});
