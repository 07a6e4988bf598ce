import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { defaultClient } from '../../../components/client/cacheClient.ts';
import { configureImageCache } from '../../../components/client/configureImageCache.ts';
import { getImageProps } from '../../../components/client/imageProps.ts';
import { BUCKET, entryOf, presign } from '../cacheServer.ts';

beforeEach(() => {
  configureImageCache({ base: '/api/cache' });
  defaultClient.known.set(`${BUCKET}/known.jpg`, entryOf('known.jpg'));
});
afterEach(() => {
  configureImageCache({ base: false });
  vi.unstubAllGlobals();
});

const path = `/api/cache/image?path=${encodeURIComponent(entryOf('known.jpg').local_path)}`;

test('a known image has its immutable URL ; what is no option is handed through', () => {
  const props = getImageProps({ s3_url: presign('known.jpg'), alt: 'A', loading: 'lazy' });
  expect(props).toEqual({ alt: 'A', loading: 'lazy', src: path });
  expect(getImageProps({ s3_url: presign('known.jpg'), width: 10 })).toEqual({ width: 10, src: path });
});

test('widths become the candidates of a srcSet of variants', () => {
  const { srcSet, ...rest } = getImageProps({ src: presign('known.jpg'), widths: [320, 640] });
  expect(rest).toEqual({ src: path });
  expect(srcSet?.split(',').map((candidate) => candidate.trim())).toEqual([`${path}&w=320 320w`, `${path}&w=640 640w`]);
});

const widthsOf = (srcSet: string | undefined): string[] => srcSet?.match(/\d+w/g) ?? [];

test('4: an image that the page does not know has its candidates, too, as an <img> with a srcset has', () => {
  const { src, srcSet } = getImageProps({ src: presign('other.jpg'), widths: [320, 640] });
  expect(src).toBe(`/api/cache/image?url=${encodeURIComponent(presign('other.jpg'))}`);
  expect(srcSet).toBe(`${src}&w=320 320w,${src}&w=640 640w`);
});

test('5: no candidate says that it is wider than the image is', () => {
  const widths = [320, 640, 1200];
  expect(widthsOf(getImageProps({ src: presign('known.jpg'), widths }).srcSet)).toEqual(['320w', '640w', '640w']);
  defaultClient.known.set(`${BUCKET}/odd.jpg`, entryOf('odd.jpg', { width: 500 }));
  expect(widthsOf(getImageProps({ src: presign('odd.jpg'), widths }).srcSet)).toEqual(['320w', '500w', '500w']);
  expect(widthsOf(getImageProps({ src: presign('odd.jpg'), widths: [1200] }).srcSet)).toEqual(['500w']);
});

test.each(['image/svg+xml', 'image/heic', 'image/bmp'])('5: %s comes as it is, so it has no candidates', (type) => {
  defaultClient.known.set(`${BUCKET}/as-is`, entryOf('as-is', { content_type: type }));
  expect(getImageProps({ src: presign('as-is'), widths: [320] })).not.toHaveProperty('srcSet');
});

test('5: without sharp, every candidate would be the original, so there are none', () => {
  vi.stubGlobal('__IMAGE_CACHE__', { base: '/api/cache', isSharpMissing: true });
  for (const name of ['known.jpg', 'other.jpg']) {
    expect(getImageProps({ src: presign(name), widths: [320] })).not.toHaveProperty('srcSet');
  }
});

test('a <source> has its candidates rewritten, and no src', () => {
  const props = getImageProps({ srcSet: `${presign('known.jpg')} 2x`, type: 'image/avif' });
  expect(props).toEqual({ type: 'image/avif', srcSet: `${path} 2x` });
});

test('without a server everything stays as it is, and there are no variants', () => {
  configureImageCache({ base: false });
  expect(getImageProps({ s3_url: presign('known.jpg'), widths: [320] })).toMatchObject({ src: presign('known.jpg') });
  expect(getImageProps({ src: presign('other.jpg'), widths: [320] })).toEqual({ src: presign('other.jpg') });
});
