import { act } from '@testing-library/react';
import { StrictMode } from 'react';
import { hydrateRoot, type Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CachedImage } from '../../components/CachedImage.tsx';
import { createCacheClient } from '../../components/client/cacheClient.ts';
import { ImageCacheProvider } from '../../components/ImageCacheProvider.tsx';
import { ImageCacheContext } from '../../components/imageCacheContext.ts';
import { usePrefetch } from '../../components/usePrefetch.ts';
import { BUCKET, type CacheServer, entryOf, presign, startCacheServer } from './cacheServer.ts';

let server: CacheServer;
let root: Root | undefined;
beforeEach(async () => {
  server = await startCacheServer();
  vi.spyOn(console, 'error');
});
afterEach(async () => {
  await act(async () => root?.unmount());
  await server.close();
  vi.restoreAllMocks();
});

test('the server renders a URL that reads through', () => {
  const html = renderToString(
    <ImageCacheProvider base="/api/cache/">
      <CachedImage s3_url={presign('a.jpg')} alt="A" loading="lazy" />
    </ImageCacheProvider>,
  );
  const src = `/api/cache/image?url=${encodeURIComponent(presign('a.jpg'))}`;
  expect(html).toBe(`<img loading="lazy" alt="A" src="${src}"/>`);
});

test("a client that knows the image already hydrates the server's HTML as it is", async () => {
  const tree = (client = createCacheClient({ mount: () => server.base })) => (
    <StrictMode>
      <ImageCacheContext value={client}>
        <CachedImage s3_url={presign('a.jpg')} alt="A" />
      </ImageCacheContext>
    </StrictMode>
  );
  const container = document.createElement('div');
  container.innerHTML = renderToString(tree());
  const html = container.innerHTML;
  server.client.known.set(`${BUCKET}/a.jpg`, entryOf('a.jpg', { width: 0, height: 0 }));
  await act(async () => void (root = hydrateRoot(container, tree(server.client))));
  expect(console.error).not.toHaveBeenCalled();
  expect(container.innerHTML).toBe(html);
});

test('an image that loaded before hydration is told of to the app, once, also in StrictMode', async () => {
  const container = document.createElement('div');
  const onLoad = vi.fn();
  const tree = (
    <StrictMode>
      <ImageCacheContext value={server.client}>
        <CachedImage s3_url={presign('a.jpg')} alt="A" onLoad={onLoad} />
      </ImageCacheContext>
    </StrictMode>
  );
  container.innerHTML = renderToString(tree);
  const img = container.querySelector('img');
  if (!img) throw new Error('nothing was rendered');
  vi.spyOn(img, 'complete', 'get').mockReturnValue(true);
  vi.spyOn(img, 'currentSrc', 'get').mockReturnValue(img.src);
  img.decode = async () => {};
  await act(async () => void (root = hydrateRoot(container, tree)));
  expect(onLoad).toHaveBeenCalledOnce();
  expect(onLoad.mock.lastCall?.[0]).toMatchObject({ type: 'load', currentTarget: null, target: img });
});

test('an image that failed before hydration moves on to the original URL', async () => {
  const container = document.createElement('div');
  const tree = (
    <ImageCacheContext value={server.client}>
      <CachedImage s3_url={presign('a.jpg')} alt="A" />
    </ImageCacheContext>
  );
  container.innerHTML = renderToString(tree);
  const img = container.querySelector('img');
  if (!img) throw new Error('nothing was rendered');
  // jsdom loads no images: this one says of itself that it is broken.
  vi.spyOn(img, 'complete', 'get').mockReturnValue(true);
  vi.spyOn(img, 'currentSrc', 'get').mockReturnValue(img.src);
  img.decode = () => Promise.reject(new DOMException('broken', 'EncodingError'));
  await act(async () => void (root = hydrateRoot(container, tree)));
  expect(img.getAttribute('src')).toBe(presign('a.jpg'));
});

test('hooks render on the server', () => {
  function Progress() {
    const { progress } = usePrefetch();
    return `${progress.completed}/${progress.total}`;
  }
  expect(renderToString(<Progress />)).toBe('0/0');
});
