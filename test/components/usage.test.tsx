import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, expectTypeOf, test, vi } from 'vitest';
import {
  CachedImage,
  configureImageCache,
  getProxiedImageUrl,
  imageCache,
  type ManifestEntry,
  preloadImages,
  prefetchManager,
} from '../../components/index.ts';
import { BUCKET, type CacheServer, entryOf, presign, startCacheServer } from './cacheServer.ts';

let server: CacheServer;
beforeEach(async () => {
  server = await startCacheServer();
  configureImageCache({ base: server.base });
});
afterEach(async () => {
  cleanup();
  vi.unstubAllGlobals();
  configureImageCache({ base: false });
  await server.close();
});

test('the documented usage: prefetch, progress, statistics, clearing', async () => {
  const actorId = '0001';
  const images = [presign('a.jpg'), { s3_url: presign('b.jpg'), filename: 'B' }];
  prefetchManager.startPrefetch([{ id: '0002', images: [presign('c.jpg')] }]);
  await prefetchManager.prefetchActor(actorId, images);
  await vi.waitFor(() => {
    const progress = prefetchManager.getProgress();
    expect(`${progress.completed}/${progress.total} actors cached`).toBe('2/2 actors cached');
  });
  prefetchManager.pause();
  prefetchManager.resume();

  const stats = await imageCache.getStats();
  expect(`${stats.total_entries} images, ${stats.total_size_mb}MB`).toBe('3 images, 1.5MB');
  await imageCache.clearActorCache(actorId);
  await imageCache.invalidate(presign('a.jpg'));
  await imageCache.clearAll();
  expect(server.calls.slice(-3)).toEqual(['POST /clear/0001', 'POST /invalidate', 'POST /clear-all']);
  expectTypeOf(imageCache.lookup).returns.resolves.toEqualTypeOf<ManifestEntry | null>();
});

test('a component that is mounted follows configureImageCache', async () => {
  render(<CachedImage s3_url={presign('z.jpg')} alt="Z" />);
  const src = (): string | null => screen.getByRole('img').getAttribute('src');
  await waitFor(() => expect(src()).toContain(server.base));
  act(() => configureImageCache({ base: false }));
  expect(src()).toBe(presign('z.jpg'));
  fireEvent.error(screen.getByRole('img'));
  expect(src()).toBe(presign('z.jpg'));
});

test('getProxiedImageUrl reads through what is unknown, and leaves alone what is no S3 URL', async () => {
  const url = presign('d.jpg');
  expect(getProxiedImageUrl(url, { actor_id: '1' })).toBe(
    `${server.base}/image?url=${encodeURIComponent(url)}&actor_id=1`,
  );
  server.cached.set(`${BUCKET}/d.jpg`, entryOf('d.jpg'));
  await imageCache.lookup(url);
  const proxied = getProxiedImageUrl(url);
  expect(proxied).toBe(`${server.base}/image?path=${encodeURIComponent(entryOf('d.jpg').local_path)}`);
  expect(getProxiedImageUrl(proxied)).toBe(proxied);
  expect(getProxiedImageUrl('/logo.png')).toBe('/logo.png');
  configureImageCache({ base: false });
  expect(getProxiedImageUrl(url)).toBe(url);
});

test('preloadImages loads cached copies by their immutable URL, falls back, and never rejects', async () => {
  server.cached.set(`${BUCKET}/e.jpg`, entryOf('e.jpg'));
  const asked: string[] = [];
  /** jsdom loads no images; this one cannot load what is read through, nor anything of `missing`, nor one file of the cache. */
  class FakeImage extends EventTarget {
    set src(url: string) {
      asked.push(url);
      const fails = url.includes('?url=') || url.includes('missing') || url.endsWith('f.jpg');
      queueMicrotask(() => this.dispatchEvent(new Event(fails ? 'error' : 'load')));
    }
  }
  vi.stubGlobal('Image', FakeImage);
  const urls = [presign('e.jpg'), presign('f.jpg'), presign('missing.jpg')];
  expect(await preloadImages(urls)).toEqual({
    loaded: urls.slice(0, 2),
    failed: [presign('missing.jpg')],
    results: [
      { url: urls[0], status: 'loaded', from: 'cache' },
      { url: urls[1], status: 'loaded', from: 'original' },
      // This server knows no `/image`.
      { url: urls[2], status: 'failed', error: expect.objectContaining({ code: 'NOT_FOUND', hint: 'Look again.' }) },
    ],
  });
  expect(asked[0]).toBe(getProxiedImageUrl(presign('e.jpg')));
  expect(server.lookups).toEqual([{ urls }]);
});
