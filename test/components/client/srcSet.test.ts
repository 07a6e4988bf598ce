import { expect, test } from 'vitest';
import { mapSrcSet, srcSetUrls } from '../../../components/client/srcSet.ts';

test.each([
  ['a.jpg', ['a.jpg']],
  ['a.jpg 1x, b.jpg 2x', ['a.jpg', 'b.jpg']],
  ['a.jpg, b.jpg 2x', ['a.jpg', 'b.jpg']],
  ['https://x/a,b;c.jpg 100w,\n https://x/d,e.jpg 200w', ['https://x/a,b;c.jpg', 'https://x/d,e.jpg']],
  ['data:image/png;base64,AA== 1x, b.jpg 2x', ['data:image/png;base64,AA==', 'b.jpg']],
  ['', []],
])('finds the candidates of %j', (srcSet, urls) => {
  expect(srcSetUrls(srcSet)).toEqual(urls);
});

test('replaces URLs and leaves descriptors as they are', () => {
  expect(mapSrcSet('a,b.jpg 1x, c.jpg 2x', (url) => `<${url}>`)).toBe('<a,b.jpg> 1x, <c.jpg> 2x');
});
