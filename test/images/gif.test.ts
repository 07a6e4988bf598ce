import { expect, test } from 'vitest';
import { inspectGif } from '../../plugin/images/gif.ts';
import { codeOf, insert, text, u16le } from './bytes.ts';
import { HEIGHT, picture, WIDTH } from './fixtures.ts';

const GIF = await picture().gif().toBuffer();

test('T14: a script that merely begins with GIF89a is refused', () => {
  const code = codeOf(() => inspectGif(text('GIF89a=1;/*                */alert(document.domain);//;')));
  expect(code).toMatch(/^(NOT_AN_IMAGE|UPSTREAM_TRUNCATED)$/);
});

test('T14: a real GIF whose comment is a script is a GIF', () => {
  const colors = 3 * 2 ** (((GIF[10] ?? 0) & 7) + 1);
  const script = text('*/=1;alert(1)/*');
  const comment = Buffer.concat([Buffer.of(0x21, 0xfe, script.length), script, Buffer.of(0)]);
  expect(inspectGif(insert(GIF, 13 + colors, comment))).toMatchObject({ contentType: 'image/gif', width: WIDTH });
});

test('bytes after the trailer are accepted', () => {
  expect(inspectGif(Buffer.concat([GIF, text('<html>')])).width).toBe(WIDTH);
});

test('a screen without a size is as large as its first frame', () => {
  const withoutSize = Buffer.from(GIF);
  withoutSize.fill(0, 6, 10);
  expect(inspectGif(withoutSize)).toMatchObject({ width: WIDTH, height: HEIGHT });
});

test('a GIF without frames is not an image', () => {
  const header = Buffer.concat([text('GIF89a'), u16le(4), u16le(4), Buffer.of(0, 0, 0)]);
  expect(codeOf(() => inspectGif(Buffer.concat([header, Buffer.of(0x3b)])))).toBe('NOT_AN_IMAGE');
});
