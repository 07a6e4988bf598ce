import { expect, test } from 'vitest';
import { box, codeOf, text, u32be } from './bytes.ts';
import { jxl, JXL_CODESTREAM } from './fixtures.ts';
import { inspectAlone } from './inspectAlone.ts';

/** Bits in the order in which they are written, e.g. `'1 00101'`: the first one is the least significant. */
function codestream(bits: string): Buffer {
  const digits = bits.replaceAll(' ', '').padEnd(96, '0');
  const bytes = digits.match(/.{8}/g) ?? [];
  return Buffer.from([0xff, 0x0a, ...bytes.map((byte) => Number.parseInt(byte.split('').toReversed().join(''), 2))]);
}

/** A number of `width` bits, least significant first. */
function bits(value: number, width: number): string {
  return value.toString(2).padStart(width, '0').split('').toReversed().join('');
}

test.each([
  ['in eighths', `1 ${bits(2, 5)} 000 ${bits(4, 5)} 1`, 40, 24],
  ['written out', `0 00 ${bits(299, 9)} 000 10 ${bits(4999, 13)} 1`, 5000, 300],
  ['by ratio, 16:9', `0 10 ${bits(1079, 13)} ${bits(5, 3)} 1`, 1920, 1080],
  ['up to 2^30', `0 11 ${bits(2 ** 30 - 1, 30)} ${bits(1, 3)} 1`, 2 ** 30, 2 ** 30],
  ['turned by its orientation', `1 ${bits(2, 5)} 000 ${bits(4, 5)} 0 1 ${bits(5, 3)}`, 24, 40],
])('a size %s is read', (_name, header, width, height) => {
  expect(inspectAlone(jxl([box('jxlc', codestream(header))]))).toMatchObject({ width, height });
});

test('T33: a bare codestream is not accepted, because nothing proves that it is complete', () => {
  expect(codeOf(() => inspectAlone(JXL_CODESTREAM))).toBe('UNSUPPORTED_TYPE');
  const openEnded = Buffer.concat([u32be(0), text('jxlc'), JXL_CODESTREAM]);
  expect(codeOf(() => inspectAlone(jxl([openEnded])))).toBe('UNSUPPORTED_TYPE');
});

test('T33: parts without the last one are cut', () => {
  const first = box('jxlp', u32be(0), JXL_CODESTREAM);
  expect(codeOf(() => inspectAlone(jxl([first])))).toBe('UPSTREAM_TRUNCATED');
});

test('T42: a box too small for its part number is damage', () => {
  expect(codeOf(() => inspectAlone(jxl([box('jxlp', Buffer.of(1))])))).toBe('NOT_AN_IMAGE');
});
