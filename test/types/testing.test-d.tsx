import { expectTypeOf, test } from 'vitest';
import { createFakeImageCache, FakeImageCache } from 'vite-plugin-image-cache/testing';

// Never run: that it compiles is the test.

test('a fake cache knows the states of images and the codes of failures', () => {
  const cache = createFakeImageCache({
    images: { 's3://b/a.jpg': 'cached', 's3://b/b.jpg': { state: 'error', width: 1 } },
  });
  cache.fail('s3://b/a.jpg', 'UPSTREAM_EXPIRED');
  expectTypeOf(cache.requests).toEqualTypeOf<readonly string[]>();
  void (<FakeImageCache cache={cache}>text</FakeImageCache>);
  void (<FakeImageCache images={{}} others="missing" />);
  // @ts-expect-error there is no such state
  createFakeImageCache({ images: { 's3://b/a.jpg': 'gone' } });
  // @ts-expect-error there is no such code
  cache.fail('s3://b/a.jpg', 'NOPE');
});
