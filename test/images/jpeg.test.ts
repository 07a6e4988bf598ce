import { expect, test } from 'vitest';
import { codeOf, insert, jpegSegment, text } from './bytes.ts';
import { HEIGHT, picture, WIDTH } from './fixtures.ts';
import { inspectAlone } from './inspectAlone.ts';

const JPEG = await picture().jpeg().toBuffer();
const SECOND = await picture().resize(10, 6).jpeg().toBuffer();
const FRAME_HEADER = JPEG.indexOf(Buffer.of(0xff, 0xc0));

test('an EOI within a segment does not end the image', () => {
  const withInnerEoi = insert(JPEG, 2, jpegSegment(0xe2, Buffer.of(0xff, 0xd9, 0xff, 0xd9)));
  const firstSegmentOnly = withInnerEoi.subarray(0, 10);
  expect(codeOf(() => inspectAlone(firstSegmentOnly))).toBe('UPSTREAM_TRUNCATED');
  expect(inspectAlone(withInnerEoi)).toMatchObject({ width: WIDTH, height: HEIGHT });
});

test('fill bytes and wrong bytes between segments are skipped', () => {
  const padded = insert(JPEG, 2, Buffer.of(0xff, 0xff, 0xff));
  expect(inspectAlone(padded).width).toBe(WIDTH);
  expect(inspectAlone(insert(JPEG, FRAME_HEADER, Buffer.of(1, 2, 3))).width).toBe(WIDTH);
});

test('vendor data after the EOI is accepted', () => {
  const tail = text('SEFH\x6b\0\0\0Samsung data\xff\xd8SEFT');
  expect(inspectAlone(Buffer.concat([JPEG, tail])).width).toBe(WIDTH);
});

test('T33: a second picture after the EOI must be complete, and the size is that of the first one', () => {
  const padding = Buffer.alloc(16);
  const whole = Buffer.concat([JPEG, padding, SECOND]);
  expect(inspectAlone(whole)).toMatchObject({ width: WIDTH, height: HEIGHT });
  for (let length = JPEG.length + padding.length + 1; length < whole.length; length++) {
    expect(codeOf(() => inspectAlone(whole.subarray(0, length)))).toBe('UPSTREAM_TRUNCATED');
  }
});

test('a height of 0 is given by the DNL segment after the first scan', () => {
  const withoutHeight = Buffer.from(JPEG);
  withoutHeight.writeUInt16BE(0, FRAME_HEADER + 5);
  expect(codeOf(() => inspectAlone(withoutHeight))).toBe('NOT_AN_IMAGE');
  const withDnl = insert(withoutHeight, JPEG.length - 2, jpegSegment(0xdc, Buffer.of(0, HEIGHT)));
  expect(inspectAlone(withDnl)).toMatchObject({ width: WIDTH, height: HEIGHT });
});

test.each([
  ['markers only', Buffer.of(0xff, 0xd8, 0xff, 0xd9)],
  ['a frame without a scan', Buffer.concat([JPEG.subarray(0, FRAME_HEADER + 19), Buffer.of(0xff, 0xd9)])],
  ['a segment of length 0', insert(JPEG, 2, Buffer.of(0xff, 0xe0, 0, 0))],
  ['an image within the image', insert(JPEG, FRAME_HEADER, Buffer.of(0xff, 0xd8))],
])('%s is not an image', (_name, bytes) => {
  expect(codeOf(() => inspectAlone(bytes))).toBe('NOT_AN_IMAGE');
});
