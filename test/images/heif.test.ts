import { expect, test } from 'vitest';
import { heifType } from '../../plugin/images/heif.ts';
import { readBrands } from '../../plugin/images/isobmff.ts';
import { inspectImage } from '../../plugin/images/index.ts';
import { cpuMs } from '../helpers/cpuMs.ts';
import { box, codeOf, text, u16be, u32be } from './bytes.ts';
import { heic, HEIGHT, WIDTH } from './fixtures.ts';
import { inspectAlone } from './inspectAlone.ts';

const FTYP = box('ftyp', text('avif'), u32be(0), text('mif1'));

test.each([
  [['avif', 'mif1', 'miaf'], 'image/avif'],
  [['avis', 'avif', 'msf1'], 'image/avif'],
  [['mif1', 'avif'], 'image/avif'],
  [['mif1', 'heic'], 'image/heic'],
  [['heix'], 'image/heic'],
  [['msf1', 'hevc'], 'image/heic-sequence'],
  [['mif1'], 'image/heif'],
])('the brands %j are %s', (brands, contentType) => {
  expect(heifType(brands)).toBe(contentType);
});

test.each([[['isom', 'mp42']], [['qt  ']], [['crx ']], [[]]])('the brands %j are not an image', (brands) => {
  expect(heifType(brands)).toBeUndefined();
});

test('T14: <!--ftypavif--> is never AVIF', () => {
  const svg = text('<!--ftypavif--><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>');
  expect(readBrands(svg)).toEqual([]);
  expect(codeOf(() => inspectImage(svg, 'structure'))).toBe('UNSUPPORTED_TYPE');
  expect(inspectAlone(svg).contentType).toBe('image/svg+xml');
});

test('a cut exactly between two boxes is noticed, because data that they refer to is missing', () => {
  const whole = heic();
  expect(codeOf(() => inspectAlone(whole.subarray(0, whole.indexOf('mdat') - 4)))).toBe('UPSTREAM_TRUNCATED');
  expect(codeOf(() => inspectAlone(whole.subarray(0, whole.indexOf('meta') - 4)))).toBe('UPSTREAM_TRUNCATED');
});

test('a size of 64 bits is understood', () => {
  const whole = Buffer.concat([heic(), u32be(1), text('free'), u32be(0), u32be(20), u32be(0)]);
  expect(inspectAlone(whole)).toMatchObject({ width: WIDTH, height: HEIGHT });
  expect(codeOf(() => inspectAlone(whole.subarray(0, -1)))).toBe('UPSTREAM_TRUNCATED');
});

/** With a size of 40 × 24, a clean aperture of 30 × 10 and a quarter turn, listed in this order. */
function turnedAperture(order: readonly number[]): Buffer {
  const aperture = box('clap', ...[30, 1, 10, 1, 0, 1, 0, 1].map(u32be));
  const properties = box('ipco', box('ispe', u32be(0), u32be(40), u32be(24)), aperture, box('irot', Buffer.of(1)));
  return box(
    'meta',
    u32be(0),
    box('pitm', u32be(0), u16be(1)),
    box('iloc', u32be(0), Buffer.of(0x44, 0x00), u16be(0)),
    box('iprp', properties, box('ipma', u32be(0), u32be(1), u16be(1), Buffer.of(order.length, ...order))),
  );
}

test.each([[[1, 2, 3]], [[3, 2, 1]]])('B19: irot turns the picture, listed as %j', (order) => {
  const avif = inspectAlone(Buffer.concat([FTYP, turnedAperture(order)]));
  expect(avif).toMatchObject({ contentType: 'image/avif', width: 24, height: 40 }); // browsers ignore the aperture
  const heicType = box('ftyp', text('heic'), u32be(0), text('mif1'));
  const photo = inspectAlone(Buffer.concat([heicType, turnedAperture(order)]));
  expect(photo).toMatchObject({ contentType: 'image/heic', width: 10, height: 30 });
});

test.each([
  ['boxes of size 2', Buffer.concat([FTYP, u32be(2), text('meta'), Buffer.alloc(64)])],
  ['a hundred thousand empty boxes', Buffer.concat([FTYP, ...Array.from({ length: 100_000 }, () => box('free'))])],
  ['a description of nothing', Buffer.concat([FTYP, box('meta', u32be(0))])],
  ['a description that is not there', Buffer.concat([FTYP, u32be(0), text('meta')])],
])('T42: %s end at once and are refused', (_name, bytes) => {
  const start = cpuMs();
  expect(codeOf(() => inspectAlone(bytes))).toMatch(/^(NOT_AN_IMAGE|UPSTREAM_TRUNCATED)$/);
  expect(cpuMs() - start).toBeLessThan(200);
});

test('T42: a great number of item extents without bytes takes no time', () => {
  const items = Array.from({ length: 60_000 }, () => Buffer.concat([u16be(1), u16be(0), u16be(0xffff)]));
  const iloc = box('iloc', u32be(0), Buffer.of(0, 0), u16be(items.length), ...items);
  const meta = box('meta', u32be(0), box('pitm', u32be(0), u16be(1)), iloc, box('iprp', box('ipco')));
  const start = cpuMs();
  expect(codeOf(() => inspectAlone(Buffer.concat([FTYP, meta])))).toBe('NOT_AN_IMAGE');
  expect(cpuMs() - start).toBeLessThan(200);
});
