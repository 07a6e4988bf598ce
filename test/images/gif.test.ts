import { expect, test } from 'vitest';
import { codeOf, insert, text, u16le } from './bytes.ts';
import { HEIGHT, picture, WIDTH } from './fixtures.ts';
import { inspectAlone } from './inspectAlone.ts';

const GIF = await picture().gif().toBuffer();

test('T14: a script that only begins with GIF89a is refused', () => {
  const code = codeOf(() => inspectAlone(text('GIF89a=1;/*                */alert(document.domain);//;')));
  expect(code).toMatch(/^(NOT_AN_IMAGE|UPSTREAM_TRUNCATED)$/);
});

test('T14: a real GIF whose comment is a script is a GIF', () => {
  const colors = 3 * 2 ** (((GIF[10] ?? 0) & 7) + 1);
  const script = text('*/=1;alert(1)/*');
  const comment = Buffer.concat([Buffer.of(0x21, 0xfe, script.length), script, Buffer.of(0)]);
  expect(inspectAlone(insert(GIF, 13 + colors, comment))).toMatchObject({ contentType: 'image/gif', width: WIDTH });
});

test('bytes after the trailer are accepted', () => {
  expect(inspectAlone(Buffer.concat([GIF, text('<html>')])).width).toBe(WIDTH);
});

test('a screen without a size is as large as its first frame', () => {
  const withoutSize = Buffer.from(GIF);
  withoutSize.fill(0, 6, 10);
  expect(inspectAlone(withoutSize)).toMatchObject({ width: WIDTH, height: HEIGHT });
});

test('a GIF without frames is not an image', () => {
  const header = Buffer.concat([text('GIF89a'), u16le(4), u16le(4), Buffer.of(0, 0, 0)]);
  expect(codeOf(() => inspectAlone(Buffer.concat([header, Buffer.of(0x3b)])))).toBe('NOT_AN_IMAGE');
});

test.each([
  ['is smaller than its first frame', [10, 6], [0, 0], [WIDTH, HEIGHT]],
  ['does not hold all of its first frame', [WIDTH, HEIGHT], [5, 2], [WIDTH + 5, HEIGHT + 2]],
  ['is larger than its first frame', [100, 90], [5, 2], [100, 90]],
] as const)('B19: a screen that %s is as large as browsers make it', (_name, screen, offset, [width, height]) => {
  const gif = Buffer.from(GIF);
  const frame = gif.indexOf(0x2c, 13 + 3 * 2 ** ((gif.readUInt8(10) & 7) + 1));
  Buffer.concat(screen.map(u16le)).copy(gif, 6);
  Buffer.concat(offset.map(u16le)).copy(gif, frame + 1);
  expect(inspectAlone(gif)).toMatchObject({ width, height });
});
