import { describe, expect, it } from 'vitest';
import { formatBytes, formatMs, formatPart, plural } from '../../../components/inspector/format/amounts.ts';
import { printable, splitName } from '../../../components/inspector/format/text.ts';
import { formatMiss } from '../../../components/inspector/format/words.ts';

describe('I5: names of others', () => {
  it('have no letter that is not seen, or that turns what is around it', () => {
    const hostile = 'a\u0000b\u001B[31mc\u202Ed\u2066e\u200Bf\u0085g\u2028h\uFEFFi\nj';
    expect(printable(hostile)).toBe('a␣b␣[31mc␣d␣e␣f␣g␣h␣i␣j');
  });

  it('of 4 kB are cut in the middle', () => {
    const long = `${'a'.repeat(4000)}.jpg`;
    expect(printable(long, 100)).toMatch(/^a{50}…a{46}\.jpg$/);
  });

  it('keep their end, and no letter is cut in two', () => {
    expect(splitName('a.jpg')).toEqual(['a.jpg', '']);
    expect(splitName(`${'x'.repeat(40)}_0001.jpg`)).toEqual(['x'.repeat(37), 'xxx_0001.jpg']);
    const [start, end] = splitName('😀'.repeat(30));
    expect(start + end).toBe('😀'.repeat(30));
    expect(end).not.toMatch(/\p{Surrogate}/u);
  });
});

describe('amounts', () => {
  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1 kB'],
    [86_300, '86.3 kB'],
    [3_400_000_000, '3.4 GB'],
    [2.73e15, '2,730 TB'],
  ])('%d is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  it.each([
    [0, '0 ms'],
    [0.4, '< 1 ms'],
    [31, '31 ms'],
    [1240, '1.2 s'],
    [45_400, '45 s'],
    [240_000, '4 min'],
    [9_660_000, '2 h 41 min'],
    [7_200_000, '2 h'],
    [40 * 86_400_000, '40 days'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatMs(ms)).toBe(text);
  });

  it('a part is never told as all or nothing when it is not', () => {
    expect([0, 0.001, 0.5, 0.9999, 1].map(formatPart)).toEqual(['0 %', '< 1 %', '50 %', '99 %', '100 %']);
  });

  it('one is not many', () => {
    expect([plural(1, 'image'), plural(12_345, 'image')]).toEqual(['1 image', '12,345 images']);
  });
});

it('a miss says why, by which option, and how long ago', () => {
  const text = formatMiss({ reason: 'evicted', removed_at: 0, cause: 'maxSize' }, 180_000);
  expect(text).toBe('had made room for others (maxSize), 3 min ago');
  expect(formatMiss({ reason: 'first_seen' }, 0)).toBe('first seen');
});
