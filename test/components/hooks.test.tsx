import type { CacheEvent } from '../../plugin/protocol.ts';
import { act, cleanup, renderHook, waitFor } from '@testing-library/react';
import type { ReactElement, ReactNode } from 'react';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createCacheClient } from '../../components/client/cacheClient.ts';
import { ImageCacheContext } from '../../components/imageCacheContext.ts';
import { useCachedImage } from '../../components/useCachedImage.ts';
import { useCacheStats } from '../../components/useCacheStats.ts';
import { useImageCacheEvents } from '../../components/useImageCache.ts';
import { usePrefetch } from '../../components/usePrefetch.ts';
import { BUCKET, type CacheServer, entryOf, presign, startCacheServer } from './cacheServer.ts';

let server: CacheServer;
beforeEach(async () => void (server = await startCacheServer()));
afterEach(async () => {
  cleanup();
  vi.useRealTimers();
  await server.close();
});

function wrapper({ children }: { children: ReactNode }): ReactElement {
  return <ImageCacheContext.Provider value={server.client}>{children}</ImageCacheContext.Provider>;
}

test('useCachedImage tells the status through failure and retry', async () => {
  const { result } = renderHook(() => useCachedImage(presign('a.jpg')), { wrapper });
  expect(result.current.status).toBe('loading');
  act(() => void result.current.onError());
  expect(result.current).toMatchObject({ status: 'original', src: presign('a.jpg') });
  act(() => expect(result.current.onError(), 'the server is asked what is wrong').toBe(true));
  await waitFor(() => expect(result.current.status).toBe('error'));
  act(() => result.current.retry());
  expect(result.current.status).toBe('loading');
});

test('useCachedImage of a known image is cached', () => {
  server.client.known.set(`${BUCKET}/a.jpg`, entryOf('a.jpg'));
  const { result } = renderHook(() => useCachedImage(presign('a.jpg')), { wrapper });
  expect(result.current).toMatchObject({ status: 'cached', entry: entryOf('a.jpg') });
});

test('usePrefetch follows the progress', async () => {
  const { result } = renderHook(() => usePrefetch(), { wrapper });
  expect(result.current.progress).toMatchObject({ state: 'idle', total: 0 });
  await act(() => result.current.prefetchActor('0001', [presign('a.jpg')]));
  expect(result.current.progress).toMatchObject({ state: 'idle', completed: 1, total: 1 });
});

test('useCacheStats refreshes after events, once a second at most', async () => {
  const { result } = renderHook(() => useCacheStats(), { wrapper });
  await waitFor(() => expect(result.current.stats).toMatchObject({ total_entries: 0 }));
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  server.cached.set(`${BUCKET}/a.jpg`, entryOf('a.jpg'));
  act(() => {
    for (let each = 0; each < 3; each++) server.emit({ type: 'stored', entry: entryOf('a.jpg') });
    vi.advanceTimersByTime(1_000);
  });
  vi.useRealTimers();
  await waitFor(() => expect(result.current.stats).toMatchObject({ total_entries: 1 }));
  expect(server.calls).toEqual(['GET /stats', 'GET /stats']);
});

test('useCacheStats keeps the last numbers when a refresh fails', async () => {
  const { result } = renderHook(() => useCacheStats(), { wrapper });
  await waitFor(() => expect(result.current.stats).toBeDefined());
  await server.close();
  act(() => result.current.refresh());
  await waitFor(() => expect(result.current.error).toMatchObject({ code: 'UNREACHABLE' }));
  expect(result.current.stats).toMatchObject({ total_entries: 0 });
  server = await startCacheServer();
});

test('useCacheStats without a server has neither numbers nor an error', async () => {
  const off = createCacheClient({ baseUrl: () => undefined });
  const { result } = renderHook(() => useCacheStats(), {
    wrapper: ({ children }) => <ImageCacheContext.Provider value={off}>{children}</ImageCacheContext.Provider>,
  });
  await act(async () => {});
  expect(result.current).toMatchObject({ stats: undefined, error: undefined });
});

test('useImageCacheEvents calls the newest listener, until it is unmounted', () => {
  const [first, second] = [vi.fn(), vi.fn()];
  const { rerender, unmount } = renderHook(({ listener }) => useImageCacheEvents(listener), {
    wrapper,
    initialProps: { listener: first },
  });
  rerender({ listener: second });
  const event: CacheEvent = { type: 'invalidated', s3_urls: [] };
  server.emit(event);
  unmount();
  server.emit(event);
  expect(first).not.toHaveBeenCalled();
  expect(second.mock.calls).toEqual([[event]]);
});

describe('useCacheStats with an interval', () => {
  const setVisibility = (value: string): void => {
    Object.defineProperty(document, 'visibilityState', { value, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  };
  afterEach(() => Reflect.deleteProperty(document, 'visibilityState'));

  /** Lets one interval after the other pass, each with its answer. */
  async function pass(intervals: number): Promise<void> {
    for (let each = 0; each < intervals; each += 1) await act(() => vi.advanceTimersByTimeAsync(1_000));
  }

  function setUp(answers: (call: number) => boolean) {
    vi.useFakeTimers();
    let calls = 0;
    const asked = vi.fn<typeof fetch>(async () => {
      calls += 1;
      if (!answers(calls)) throw new TypeError('offline');
      return Response.json({ total_entries: calls });
    });
    vi.stubGlobal('fetch', asked);
    onTestFinished(() => void vi.unstubAllGlobals());
    return { asked, ...renderHook(() => useCacheStats({ intervalMs: 1_000 }), { wrapper }) };
  }

  test('asks again so long after each answer, and no more once it is unmounted', async () => {
    const { asked, unmount } = setUp(() => true);
    await pass(3);
    expect(asked).toHaveBeenCalledTimes(4);
    unmount();
    await pass(3);
    expect(asked).toHaveBeenCalledTimes(4);
  });

  test('asks more and more seldom while no answer comes, and as before when one has', async () => {
    const { asked, result } = setUp((call) => call === 1 || call > 4);
    await pass(1 + 2 + 4 + 8); // the second to the fourth fail
    expect(asked).toHaveBeenCalledTimes(5);
    expect(result.current).toMatchObject({ error: undefined, stats: { total_entries: 5 } });
    await pass(2);
    expect(asked).toHaveBeenCalledTimes(7);
  });

  test('does not ask in a hidden tab, and at once when it is looked at again', async () => {
    const { asked } = setUp(() => true);
    await pass(0);
    setVisibility('hidden');
    await pass(5);
    expect(asked).toHaveBeenCalledTimes(1);
    act(() => setVisibility('visible'));
    expect(asked).toHaveBeenCalledTimes(2);
  });
});
