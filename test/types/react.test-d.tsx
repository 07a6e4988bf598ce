import type { RefObject } from 'react';
import { expectTypeOf, test } from 'vitest';
import {
  type ActorResult,
  CachedImage,
  type CacheStats,
  getProxiedImageUrl,
  imageCache,
  ImageCacheProvider,
  type ManifestEntry,
  type PrefetchItemResult,
  prefetchManager,
  PrefetchProgress,
  preloadImages,
  useCachedImage,
  useCacheStats,
  useImageCacheEvents,
  usePrefetch,
} from 'vite-plugin-image-cache/react';

// Never run: that it compiles is the test.

declare const ref: RefObject<HTMLImageElement | null>;
declare const divRef: RefObject<HTMLDivElement | null>;

test('CachedImage is an <img>', () => {
  void (
    <>
      <CachedImage s3_url="s3://b/a.jpg" alt="A" ref={ref} loading="lazy" data-x="1" style={{ width: 1 }} />
      <CachedImage src="s3://b/a.jpg" alt="A" srcSet="a 1x" ref={(img) => void img?.naturalWidth} />
      <CachedImage s3_url={undefined} alt="" onError={({ currentTarget }) => currentTarget.naturalWidth} />
      {/* @ts-expect-error an image has no such attribute */}
      <CachedImage s3_url="" alt="" href="" />
      {/* @ts-expect-error a ref of another element */}
      <CachedImage s3_url="" alt="" ref={divRef} />
    </>
  );
});

test('a provider says where the server is, that there is none, or only who signs', () => {
  void (
    <>
      <ImageCacheProvider base="/api/cache">text</ImageCacheProvider>
      <ImageCacheProvider base={false} />
      <ImageCacheProvider refreshUrl={() => 'https://b.s3.amazonaws.com/a'} />
      {/* @ts-expect-error a base is a path, a URL or false */}
      <ImageCacheProvider base={true} />
    </>
  );
});

test('PrefetchProgress is a component and the type of what it shows', () => {
  const { progress } = usePrefetch();
  expectTypeOf(progress).toEqualTypeOf<PrefetchProgress>();
  void (
    <PrefetchProgress
      progress={progress}
      label={<b>Photographs</b>}
      texts={{ done: ({ total }) => `${total}` }}
      id="x"
    />
  );
  // @ts-expect-error the texts are functions
  void (<PrefetchProgress texts={{ done: 'done' }} />);
});

test('results are told apart by their status', async () => {
  const actor = await prefetchManager.prefetchActor('1', ['s3://b/a.jpg', { s3_url: 's3://b/b.jpg', filename: 'b' }]);
  expectTypeOf(actor).toEqualTypeOf<ActorResult>();
  const [result] = actor.results;
  expectTypeOf(result).toEqualTypeOf<PrefetchItemResult | undefined>();
  if (result?.status === 'failed') expectTypeOf(result.detail).toEqualTypeOf<string>();
  // @ts-expect-error only of a failed one
  void result?.code;

  const { results } = await preloadImages(['s3://b/a.jpg']);
  for (const each of results)
    if (each.status === 'loaded') expectTypeOf(each.from).toEqualTypeOf<'cache' | 'original'>();
});

test('hooks', () => {
  const { status, entry } = useCachedImage('s3://b/a.jpg');
  expectTypeOf(status).toEqualTypeOf<'cached' | 'loading' | 'original' | 'error'>();
  expectTypeOf(entry).toEqualTypeOf<ManifestEntry | null | undefined>();
  expectTypeOf(useCacheStats({ intervalMs: 1_000 }).stats).toEqualTypeOf<CacheStats | undefined>();
  useImageCacheEvents((event) => {
    if (event.type === 'stored') expectTypeOf(event.entry).toEqualTypeOf<ManifestEntry>();
    else expectTypeOf(event.s3_urls).toEqualTypeOf<string[]>();
  });
  expectTypeOf(getProxiedImageUrl).returns.toEqualTypeOf<string>();
  expectTypeOf(imageCache.lookup).returns.resolves.toEqualTypeOf<ManifestEntry | null>();
});
