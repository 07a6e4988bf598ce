import { expect, test } from 'vitest';
import { codeOf, text, u32le } from './bytes.ts';
import { picture, WIDTH } from './fixtures.ts';
import { inspectAlone } from './inspectAlone.ts';

const WEBP = await picture().webp().toBuffer();

test('bytes after the length that RIFF declares are accepted', () => {
  expect(inspectAlone(Buffer.concat([WEBP, text('<html>')])).width).toBe(WIDTH);
});

test('a chunk that reaches beyond the declared length is damage, not a cut', () => {
  const lying = Buffer.from(WEBP);
  lying.writeUInt32LE(lying.readUInt32LE(16) + 100, 16);
  expect(codeOf(() => inspectAlone(lying))).toBe('NOT_AN_IMAGE');
});

test('a canvas without a picture is not an image', () => {
  const body = Buffer.concat([text('WEBPVP8X'), u32le(10), Buffer.alloc(10)]);
  expect(codeOf(() => inspectAlone(Buffer.concat([text('RIFF'), u32le(body.length), body])))).toBe('NOT_AN_IMAGE');
});

test('T42: a great number of empty chunks takes linear time', () => {
  const body = Buffer.concat([text('WEBP'), Buffer.alloc(8 * 20_000)]);
  expect(codeOf(() => inspectAlone(Buffer.concat([text('RIFF'), u32le(body.length), body])))).toBe('NOT_AN_IMAGE');
});
