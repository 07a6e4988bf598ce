import { expect, test } from 'vitest';
import { codeOf, text, u16be, u32be } from './bytes.ts';
import { inspectAlone } from './inspectAlone.ts';

/** A big-endian TIFF of one directory with one strip of four bytes. */
function tiff(entries: readonly (readonly [tag: number, value: number])[], next = 0): Buffer {
  const fields = entries.map(([tag, value]) => Buffer.concat([u16be(tag), u16be(4), u32be(1), u32be(value)]));
  return Buffer.concat([text('MM\0*'), u32be(12), text('data'), u16be(entries.length), ...fields, u32be(next)]);
}
const SIZE = [
  [256, 8],
  [257, 6],
] as const;

test('big-endian files are read', () => {
  expect(inspectAlone(tiff([...SIZE, [273, 8], [279, 4]]))).toMatchObject({ width: 8, height: 6 });
});

test('a strip beyond the end is a cut', () => {
  expect(codeOf(() => inspectAlone(tiff([...SIZE, [273, 8], [279, 4000]])))).toBe('UPSTREAM_TRUNCATED');
});

test('pixels of a sub-directory must be there, too', () => {
  expect(codeOf(() => inspectAlone(tiff([...SIZE, [273, 8], [279, 4], [330, 5000]])))).toBe('UPSTREAM_TRUNCATED');
});

test('T42: directories that point at themselves end', () => {
  expect(inspectAlone(tiff([...SIZE, [273, 8], [279, 4], [330, 12]], 12)).width).toBe(8);
});

test('T42: directories at every offset are refused at once', () => {
  // Read at any even offset, this is a directory of 64 entries, of which the next one begins at 0x00400040.
  const overlapping = Buffer.alloc(4_300_000, Buffer.of(0x00, 0x40));
  const pointers = Buffer.concat(Array.from({ length: 100_000 }, (_, i) => u32be(1_000_000 + 2 * i)));
  pointers.copy(overlapping, 100);
  const entry = [u16be(330), u16be(4), u32be(pointers.length / 4), u32be(100)];
  Buffer.concat([text('MM\0*'), u32be(8), u16be(1), ...entry, u32be(0)]).copy(overlapping);
  const start = performance.now();
  expect(() => inspectAlone(overlapping)).toThrow('more parts than any image needs');
  expect(performance.now() - start).toBeLessThan(2000);
});

test('no pixels: not an image', () => {
  expect(codeOf(() => inspectAlone(tiff(SIZE)))).toBe('NOT_AN_IMAGE');
});
