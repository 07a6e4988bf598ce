import { act, cleanup, configure, render, renderHook, screen, waitFor } from '@testing-library/react';
import type { ReactElement, ReactNode } from 'react';
import { afterEach, expect, test, vi } from 'vitest';
import { CachedImage } from '../../../components/CachedImage.tsx';
import {
  createFakeImageCache,
  FakeImageCache,
  type FakeImageCacheControls,
} from '../../../components/testing/index.ts';
import { useCachedImage } from '../../../components/useCachedImage.ts';
import { useCacheStats } from '../../../components/useCacheStats.ts';
import { usePrefetch } from '../../../components/usePrefetch.ts';
import { presign } from '../cacheServer.ts';

vi.setConfig({ testTimeout: 30_000 });
configure({ asyncUtilTimeout: 10_000 }); // on a busy machine
afterEach(cleanup);

const url = presign('a.jpg');

function wrap(cache: FakeImageCacheControls) {
  return {
    wrapper: ({ children }: { children: ReactNode }) => <FakeImageCache cache={cache}>{children}</FakeImageCache>,
  };
}

/** A component as apps have them: what it shows depends on the state. */
function Photo({ s3_url, onError }: { s3_url: string; onError?: () => void }): ReactElement {
  const { status, entry } = useCachedImage(s3_url);
  return (
    <figure>
      <CachedImage s3_url={s3_url} alt="Photo" onError={onError} />
      <figcaption>
        {status} {entry?.width}
      </figcaption>
    </figure>
  );
}

test('a cached image is there in the first render, under any signature, and nothing is asked', () => {
  const cache = createFakeImageCache({ images: { [presign('a.jpg', 'another')]: { state: 'cached', width: 320 } } });
  const { container } = render(<Photo s3_url={url} />, wrap(cache));
  expect(container.textContent).toBe('cached 320');
  expect(screen.getByAltText('Photo')).toMatchObject({ src: expect.stringContaining('/image?path=') });
  expect(cache.requests).toEqual([]);
});

test('a loading image stays so until it is resolved', async () => {
  const onLoad = vi.fn();
  const cache = createFakeImageCache({ images: { [url]: 'loading' } });
  render(<CachedImage s3_url={url} alt="Photo" onLoad={onLoad} />, wrap(cache));
  await waitFor(() => expect(cache.requests).toEqual(['POST /lookup']));
  expect(onLoad).not.toHaveBeenCalled();
  act(() => cache.resolve(url));
  await waitFor(() => expect(onLoad).toHaveBeenCalledOnce());
});

test.each(['error', 'missing'] as const)('of an image that is in the state %s, the app hears once', async (state) => {
  const onError = vi.fn();
  render(
    <FakeImageCache images={{ [url]: state }}>
      <CachedImage s3_url={url} alt="Photo" onError={onError} />
    </FakeImageCache>,
  );
  await waitFor(() => expect(onError).toHaveBeenCalledOnce());
});

test('all other images are in the state that is given for them', async () => {
  const onError = vi.fn();
  render(
    <FakeImageCache images={{ [url]: 'cached' }} others="missing">
      <CachedImage s3_url={presign('other.jpg')} alt="Photo" onError={onError} />
    </FakeImageCache>,
  );
  await waitFor(() => expect(onError).toHaveBeenCalledOnce());
});

test('a loading image can be made to fail', async () => {
  const onError = vi.fn();
  const cache = createFakeImageCache();
  render(<CachedImage s3_url={url} alt="Photo" onError={onError} />, wrap(cache));
  act(() => cache.fail(url, 'UPSTREAM_EXPIRED'));
  await waitFor(() => expect(onError).toHaveBeenCalledOnce());
});

test('an image that was cached and is thrown away is loading again', async () => {
  const cache = createFakeImageCache({ images: { [url]: 'cached' } });
  const { result } = renderHook(() => useCachedImage(url), wrap(cache));
  expect(result.current.status).toBe('cached');
  await waitFor(() => expect(result.current.entry).toBeDefined());
  renderHook(() => useCacheStats(), wrap(cache)); // subscribes to events, as an app does somewhere
  act(() => cache.set(url, 'loading'));
  await waitFor(() => expect(result.current.status).toBe('loading'));
});

test('usePrefetch fetches what is not cached, waits for what is loading, and tells why something failed', async () => {
  const [cached, loading, failing] = [presign('1.jpg'), presign('2.jpg'), presign('3.jpg')];
  const cache = createFakeImageCache({
    images: { [cached]: 'cached', [loading]: 'loading', [failing]: { state: 'error', code: 'UPSTREAM_EXPIRED' } },
  });
  const { result } = renderHook(() => usePrefetch(), wrap(cache));
  act(() => result.current.startPrefetch([{ id: '0001', images: [cached, loading, failing] }]));
  await waitFor(() => expect(result.current.progress.images).toMatchObject({ completed: 2, cached: 1, failed: 1 }));
  expect(result.current.progress.failures).toEqual([expect.objectContaining({ code: 'UPSTREAM_EXPIRED' })]);
  act(() => cache.resolve(loading));
  await waitFor(() => expect(result.current.progress).toMatchObject({ state: 'idle', completed: 1 }));
  expect(result.current.getResults('0001').map(({ status }) => status)).toEqual(['cached', 'failed', 'downloaded']);
});

test('useCacheStats counts the images', async () => {
  const cache = createFakeImageCache({ images: { [url]: 'cached', [presign('b.jpg')]: 'loading' } });
  const { result } = renderHook(() => useCacheStats(), wrap(cache));
  await waitFor(() => expect(result.current.stats).toMatchObject({ total_entries: 1, total_size_bytes: 1_000 }));
});

test('no other request is touched, and none at all when it is unmounted', async () => {
  const original = vi.fn<typeof fetch>(async () => new Response('real'));
  vi.stubGlobal('fetch', original);
  const { unmount } = render(<FakeImageCache />);
  expect(await (await fetch('https://example.com/')).text()).toBe('real');
  unmount();
  expect(globalThis.fetch).toBe(original);
  vi.unstubAllGlobals();
});

test('E18: what a test has left mounted asks for nothing of an environment that has ended', async () => {
  const errors: unknown[] = [];
  const keep = (event: ErrorEvent): void => void errors.push(event.error ?? event.message);
  window.addEventListener('error', keep);
  render(<CachedImage s3_url={url} alt="A" />, wrap(createFakeImageCache({ images: { [url]: 'cached' } })));
  const page = document;
  // As Vitest ends jsdom: what was observed is told when the globals are gone.
  page.body.replaceChildren();
  vi.stubGlobal('document', undefined);
  await new Promise((resolve) => setTimeout(resolve));
  vi.unstubAllGlobals();
  window.removeEventListener('error', keep);
  expect(errors).toEqual([]);
});
