import { describe, expect, test } from 'vitest';
import { ImageCacheError } from '../../plugin/errors.ts';
import { inspectImage } from '../../plugin/images/index.ts';
import { cpuMs } from '../helpers/cpuMs.ts';
import { codeOf } from './bytes.ts';
import { HEIGHT, WIDTH, wholeImages } from './fixtures.ts';
import { mutations } from './mutations.ts';
import { inspectAlone } from './inspectAlone.ts';

const IMAGES = await wholeImages();

describe.each([...IMAGES])('%s', (_name, bytes) => {
  test('is recognised when complete', () => {
    const { width, height } = inspectAlone(bytes);
    expect([width, height].every((it) => it !== undefined && it > 0)).toBe(true);
  });

  test('T33: is never accepted when it was cut at any byte', () => {
    const accepted: number[] = [];
    for (let length = 0; length < bytes.length; length++) {
      const code = codeOf(() => inspectAlone(bytes.subarray(0, length)));
      if (code !== 'UPSTREAM_TRUNCATED' && code !== 'NOT_AN_IMAGE') accepted.push(length);
    }
    expect(accepted).toEqual([]);
  });

  test('T33: is reported as truncated when it was cut at each 10 %', () => {
    const codes = [10, 20, 30, 40, 50, 60, 70, 80, 90].map((percent) => {
      const cut = bytes.subarray(0, Math.ceil((bytes.length * percent) / 100));
      return codeOf(() => inspectAlone(cut));
    });
    expect(new Set(codes)).toEqual(new Set(['UPSTREAM_TRUNCATED']));
  });

  test('T42: random damage never blocks, and throws only ImageCacheError', () => {
    const times: number[] = [];
    for (const damaged of mutations(bytes, { count: 300, seed: bytes.length })) {
      const start = cpuMs();
      try {
        inspectAlone(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(ImageCacheError);
      }
      times.push(cpuMs() - start);
    }
    // The median, and ample room for the slowest: a busy machine may stall any of them.
    const [median = 0] = times.toSorted((a, b) => a - b).slice(times.length / 2);
    expect(median).toBeLessThan(5);
    expect(Math.max(...times)).toBeLessThan(500);
  });
});

test.each([
  ['JPEG, progressive', { contentType: 'image/jpeg', extension: 'jpg', width: WIDTH, height: HEIGHT }],
  ['PNG', { contentType: 'image/png', extension: 'png', width: WIDTH, height: HEIGHT }],
  ['APNG', { contentType: 'image/png', extension: 'png', width: WIDTH, height: HEIGHT, animated: true }],
  ['GIF', { contentType: 'image/gif', extension: 'gif', width: WIDTH, height: HEIGHT }],
  ['GIF, animated', { contentType: 'image/gif', extension: 'gif', width: WIDTH, height: HEIGHT / 3, animated: true }],
  ['WebP, lossy', { contentType: 'image/webp', extension: 'webp', width: WIDTH, height: HEIGHT }],
  ['WebP, lossless', { contentType: 'image/webp', extension: 'webp', width: WIDTH, height: HEIGHT }],
  [
    'WebP, animated',
    { contentType: 'image/webp', extension: 'webp', width: WIDTH, height: HEIGHT / 3, animated: true },
  ],
  ['AVIF', { contentType: 'image/avif', extension: 'avif', width: WIDTH, height: HEIGHT }],
  ['HEIC', { contentType: 'image/heic', extension: 'heic', width: WIDTH, height: HEIGHT }],
  [
    'HEIC sequence',
    { contentType: 'image/heic-sequence', extension: 'heics', width: WIDTH, height: HEIGHT, animated: true },
  ],
  ['TIFF', { contentType: 'image/tiff', extension: 'tif', width: WIDTH, height: HEIGHT }],
  ['TIFF, big', { contentType: 'image/tiff', extension: 'tif', width: WIDTH, height: HEIGHT }],
  ['BMP, compressed', { contentType: 'image/bmp', extension: 'bmp', width: WIDTH, height: HEIGHT }],
  ['ICO', { contentType: 'image/x-icon', extension: 'ico', width: WIDTH, height: HEIGHT }],
  ['JPEG XL in parts', { contentType: 'image/jxl', extension: 'jxl', width: WIDTH, height: HEIGHT }],
  ['SVG', { contentType: 'image/svg+xml', extension: 'svg', width: WIDTH, height: HEIGHT }],
])('the result for %s', (name, info) => {
  const bytes = IMAGES.get(name) ?? new Uint8Array();
  expect(inspectAlone(bytes)).toEqual(info);
});

test('T13: an SVG is UNSUPPORTED_TYPE unless it is allowed, and the hint names the option', () => {
  const svg = IMAGES.get('SVG') ?? new Uint8Array();
  expect(() => inspectImage(svg, 'structure')).toThrow(
    expect.objectContaining({ code: 'UNSUPPORTED_TYPE', hint: expect.stringContaining('allowSvg') }),
  );
});

test('bytes within a larger buffer are read correctly', () => {
  const png = IMAGES.get('PNG') ?? new Uint8Array();
  const large = Buffer.concat([Buffer.alloc(100, 0xff), png, Buffer.alloc(100)]);
  expect(inspectAlone(large.subarray(100, 100 + png.length)).width).toBe(WIDTH);
});
