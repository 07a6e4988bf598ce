import { describe, expect, test } from 'vitest';
import { inspectBmp } from '../../plugin/images/bmp.ts';
import { inspectIco } from '../../plugin/images/ico.ts';
import { sniff } from '../../plugin/images/sniff.ts';
import { codeOf, text, u16le, u32le } from './bytes.ts';
import { bmp, HEIGHT, ico, picture, WIDTH } from './fixtures.ts';

const PNG = await picture().png().toBuffer();

describe('BMP', () => {
  test('a negative height means top-down rows', () => {
    expect(inspectBmp(bmp({ height: -HEIGHT }))).toMatchObject({ width: WIDTH, height: HEIGHT });
  });

  test('bytes after the pixels are accepted', () => {
    expect(inspectBmp(Buffer.concat([bmp(), Buffer.alloc(2)])).width).toBe(WIDTH);
  });

  test('T33: missing rows are noticed when the declared length is 0', () => {
    const undeclared = bmp();
    undeclared.writeUInt32LE(0, 2);
    expect(inspectBmp(undeclared).width).toBe(WIDTH);
    expect(codeOf(() => inspectBmp(undeclared.subarray(0, -1)))).toBe('UPSTREAM_TRUNCATED');
  });

  test('OS/2 headers are understood', () => {
    const dib = [u32le(12), u16le(8), u16le(2), u16le(1), u16le(24)];
    const os2 = Buffer.concat([text('BM'), u32le(74), u32le(0), u32le(26), ...dib, Buffer.alloc(48)]);
    expect(inspectBmp(os2)).toMatchObject({ width: 8, height: 2 });
  });

  test('T42: a size of 2 × 10^9 pixels each way is a cut, and allocates nothing', () => {
    const huge = bmp();
    huge.writeInt32LE(2_000_000_000, 18);
    huge.writeInt32LE(2_000_000_000, 22);
    expect(codeOf(() => inspectBmp(huge))).toBe('UPSTREAM_TRUNCATED');
  });

  test('a text that begins with BM is none', () => {
    expect(sniff(text('BMW builds cars, and has done so for a long time.'))).toBeUndefined();
  });
});

describe('ICO', () => {
  test('the size is that of the largest picture', () => {
    expect(inspectIco(ico([bmp().subarray(14)]))).toMatchObject({ width: 16, height: 16 });
    expect(inspectIco(ico([PNG, bmp().subarray(14)]))).toMatchObject({ width: WIDTH, height: HEIGHT });
  });

  test.each([
    ['no picture', ico([])],
    ['a picture of no known kind', ico([Buffer.alloc(100, 7)])],
  ])('%s: not an image', (_name, bytes) => {
    expect(codeOf(() => inspectIco(bytes))).toBe('NOT_AN_IMAGE');
  });
});
