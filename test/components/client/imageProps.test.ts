import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultClient } from '../../../components/client/cacheClient.ts';
import { configureImageCache } from '../../../components/client/configureImageCache.ts';
import { getImageProps } from '../../../components/client/imageProps.ts';
import { BUCKET, entryOf, presign } from '../cacheServer.ts';

beforeEach(() => {
  configureImageCache({ base: '/api/cache' });
  defaultClient.known.set(`${BUCKET}/known.jpg`, entryOf('known.jpg'));
});
afterEach(() => configureImageCache({ base: false }));

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

test('a <source> has its candidates rewritten, and no src', () => {
  const props = getImageProps({ srcSet: `${presign('known.jpg')} 2x`, type: 'image/avif' });
  expect(props).toEqual({ type: 'image/avif', srcSet: `${path} 2x` });
});

test('without a server everything stays as it is, and there are no variants', () => {
  configureImageCache({ base: false });
  expect(getImageProps({ s3_url: presign('known.jpg'), widths: [320] })).toMatchObject({ src: presign('known.jpg') });
  expect(getImageProps({ src: presign('other.jpg'), widths: [320] })).toEqual({ src: presign('other.jpg') });
});
