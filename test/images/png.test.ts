import { expect, test } from 'vitest';
import { PNG_SIGNATURE } from '../../plugin/images/png.ts';
import { codeOf, pngChunk, text, u32be } from './bytes.ts';
import { picture, WIDTH } from './fixtures.ts';
import { inspectAlone } from './inspectAlone.ts';

const PNG = await picture().png().toBuffer();

function png(width: number, height: number, ...chunks: Uint8Array[]): Buffer {
  const header = pngChunk('IHDR', Buffer.concat([u32be(width), u32be(height), Buffer.of(8, 6, 0, 0, 0)]));
  return Buffer.concat([text(PNG_SIGNATURE), header, ...chunks]);
}
const IDAT = pngChunk('IDAT', Buffer.alloc(20));
const IEND = pngChunk('IEND', Buffer.alloc(0));

test('T42: a size of 50,000 × 50,000 is only a number', () => {
  expect(inspectAlone(png(50_000, 50_000, IDAT, IEND))).toMatchObject({ width: 50_000, height: 50_000 });
});

test('T14: an HTML tail after IEND is accepted, as decoders ignore it, and the type stays image/png', () => {
  const withTail = Buffer.concat([PNG, text('<script>alert(1)</script>')]);
  expect(inspectAlone(withTail)).toMatchObject({ contentType: 'image/png', width: WIDTH });
});

test('an APNG of one frame is not animated', () => {
  const control = pngChunk('acTL', Buffer.concat([u32be(1), u32be(0)]));
  expect(inspectAlone(png(4, 4, control, IDAT, IEND))).not.toHaveProperty('animated');
});

test.each([
  ['no pixels', png(4, 4, IEND)],
  ['a first chunk other than IHDR', Buffer.concat([text(PNG_SIGNATURE), pngChunk('CgBI', u32be(0)), IDAT, IEND])],
  ['a chunk without a name', png(4, 4, pngChunk('\0\0\0\0', Buffer.alloc(4)), IDAT, IEND)],
])('%s: not an image', (_name, bytes) => {
  expect(codeOf(() => inspectAlone(bytes))).toBe('NOT_AN_IMAGE');
});

test('T42: a chunk that claims 4 GB is reported as truncated', () => {
  const huge = png(4, 4, u32be(-1), text('IDAT'), Buffer.alloc(100));
  expect(codeOf(() => inspectAlone(huge))).toBe('UPSTREAM_TRUNCATED');
});
