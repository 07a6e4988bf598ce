import { describe, expect, test } from 'vitest';
import { sniff } from '../../plugin/images/families.ts';
import { codeOf, text, u16le, u32le } from './bytes.ts';
import { bmp, HEIGHT, ico, picture, WIDTH } from './fixtures.ts';
import { inspectAlone } from './inspectAlone.ts';

const PNG = await picture().png().toBuffer();

describe('BMP', () => {
  test('a negative height means top-down rows', () => {
    expect(inspectAlone(bmp({ height: -HEIGHT }))).toMatchObject({ width: WIDTH, height: HEIGHT });
  });

  test('bytes after the pixels are accepted', () => {
    expect(inspectAlone(Buffer.concat([bmp(), Buffer.alloc(2)])).width).toBe(WIDTH);
  });

  test('T33: missing rows are noticed when the declared length is 0', () => {
    const undeclared = bmp();
    undeclared.writeUInt32LE(0, 2);
    expect(inspectAlone(undeclared).width).toBe(WIDTH);
    expect(codeOf(() => inspectAlone(undeclared.subarray(0, -1)))).toBe('UPSTREAM_TRUNCATED');
  });

  test('OS/2 headers are understood', () => {
    const dib = [u32le(12), u16le(8), u16le(2), u16le(1), u16le(24)];
    const os2 = Buffer.concat([text('BM'), u32le(74), u32le(0), u32le(26), ...dib, Buffer.alloc(48)]);
    expect(inspectAlone(os2)).toMatchObject({ width: 8, height: 2 });
  });

  test('T42: a header with 2 × 10^9 pixels each way is truncated, and allocates nothing', () => {
    const huge = bmp();
    huge.writeInt32LE(2_000_000_000, 18);
    huge.writeInt32LE(2_000_000_000, 22);
    expect(codeOf(() => inspectAlone(huge))).toBe('UPSTREAM_TRUNCATED');
  });

  test('a text that begins with BM is not a BMP', () => {
    expect(sniff(text('BMW builds cars, and has done so for a long time.'))).toBeUndefined();
  });
});

describe('ICO', () => {
  test('the size is that of the largest picture in the directory', () => {
    const icon = ico([PNG, bmp().subarray(14)]);
    Buffer.of(16, 16).copy(icon, 6);
    expect(inspectAlone(icon)).toMatchObject({ width: WIDTH, height: HEIGHT });
    Buffer.of(0, 0).copy(icon, 6); // a byte holds no 256
    expect(inspectAlone(icon)).toMatchObject({ width: 256, height: 256 });
  });

  test.each([
    ['no picture', ico([])],
    ['a picture of no known kind', ico([Buffer.alloc(100, 7)])],
  ])('%s: not an image', (_name, bytes) => {
    expect(codeOf(() => inspectAlone(bytes))).toBe('NOT_AN_IMAGE');
  });
});
