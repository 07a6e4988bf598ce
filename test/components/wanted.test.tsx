import { act, cleanup, fireEvent, render, renderHook, screen, waitFor } from '@testing-library/react';
import { type ReactElement, StrictMode } from 'react';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CachedImage, type CachedImageProps } from '../../components/CachedImage.tsx';
import { useCachedImage } from '../../components/useCachedImage.ts';
import { ImageCacheContext } from '../../components/imageCacheContext.ts';
import { BUCKET, type CacheServer, entryOf, presign, startCacheServer } from './cacheServer.ts';

let server: CacheServer;
beforeEach(async () => void (server = await startCacheServer()));
afterEach(async () => {
  cleanup();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  await server.close();
});

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}.jpg`);
const page = (keys: readonly string[], props: CachedImageProps = {}): ReactElement => (
  <StrictMode>
    <ImageCacheContext.Provider value={server.client}>
      {keys.map((key) => (
        <CachedImage key={key} s3_url={presign(key)} alt={key} {...props} />
      ))}
    </ImageCacheContext.Provider>
  </StrictMode>
);
const img = (key: string): HTMLImageElement => screen.getByRole('img', { name: key });
const srcOf = (key: string): string => img(key).getAttribute('src') ?? '';
const kinds = (keys: readonly string[]): string[] =>
  keys.map((key) => /\?(url|path)=/.exec(srcOf(key))?.[1] ?? srcOf(key));
const prefetches = (): number => server.calls.filter((call) => call === 'POST /prefetch').length;

test('three are asked for in the first commit, all others by one call after one look-up', async () => {
  render(page(names(9)));
  expect(kinds(names(9))).toEqual(['url', 'url', 'url', '', '', '', '', '', '']);
  await waitFor(() => expect(kinds(names(9)).slice(3)).toEqual(Array.from({ length: 6 }, () => 'path')));
  expect(server.calls).toEqual(['POST /lookup', 'POST /prefetch']);
  expect(server.prefetched[0]?.images.map(({ s3_url }) => s3_url)).toEqual(
    names(9)
      .slice(3)
      .map((key) => presign(key)),
  );
});

test('those that turn out to be cached need no call', async () => {
  for (const key of names(9)) server.cached.set(`${BUCKET}/${key}`, entryOf(key));
  render(page(names(9)));
  await waitFor(() => expect(kinds(names(9)).slice(3)).toEqual(Array.from({ length: 6 }, () => 'path')));
  expect(prefetches()).toBe(0);
});

test('the server cannot fetch one: the URL as given is next', async () => {
  const keys = [...names(3), 'missing.jpg'];
  render(page(keys));
  await waitFor(() => expect(srcOf('missing.jpg')).toBe(presign('missing.jpg')));
});

test('a server that knows no such call is asked for each directly', async () => {
  const { fetch } = globalThis;
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) =>
    url.endsWith('/prefetch') ? Promise.reject(new TypeError('gone')) : fetch(url, init),
  );
  render(page(names(5)));
  await waitFor(() => expect(kinds(names(5))).toEqual(Array.from({ length: 5 }, () => 'url')));
});

describe('an element that has no src yet', () => {
  test('has no text that a browser would draw, and still its name', async () => {
    render(page(names(4)));
    const pending = img('3.jpg');
    expect([pending.alt, pending.getAttribute('aria-label')]).toEqual(['', '3.jpg']);
    await waitFor(() => expect(kinds(['3.jpg'])).toEqual(['path']));
    expect(img('3.jpg').getAttributeNames().toSorted()).toEqual(['alt', 'crossorigin', 'src']);
    expect(img('3.jpg').alt).toBe('3.jpg');
  });

  test('keeps an aria-label of the app’s own, and gets none for an empty alt', () => {
    render(page(names(3)));
    const { container } = render(
      <ImageCacheContext.Provider value={server.client}>
        <CachedImage s3_url={presign('a.jpg')} alt="" />
        <CachedImage s3_url={presign('b.jpg')} alt="B" aria-label="Own" />
      </ImageCacheContext.Provider>,
    );
    const [decorative, named] = container.querySelectorAll('img');
    expect(decorative?.hasAttribute('aria-label')).toBe(false);
    expect(named?.getAttribute('aria-label')).toBe('Own');
  });
});

// React 18 renders it some time later: see useCommitNow.
test.skipIf(process.env['RENDERER'] === 'react-18')(
  'B3: a hidden one that gives its place away has no URL before anything else can happen, so that it is not heard of twice',
  async () => {
    vi.stubGlobal('fetch', () => new Promise(() => {})); // nothing answers
    render(page(names(3)));
    img('0.jpg').checkVisibility = () => false; // jsdom has no layout
    await act(async () => vi.dynamicImportSettled());
    expect(kinds(names(3))).toEqual(['url', 'url', 'url']);
    const hidden = img('0.jpg');
    expect(server.client.direct.claimFor('another', { img: img('1.jpg'), isEager: false })).toBe(true);
    // Microtasks only: the event of an image that has loaded is a task.
    for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
    expect([hidden.hasAttribute('src'), hidden.alt]).toEqual([false, '']);
    expect(kinds(['1.jpg', '2.jpg'])).toEqual(['url', 'url']);
  },
);

test('what was taken off the page is not fetched', async () => {
  const { rerender } = render(page(names(8)));
  rerender(page(names(5)));
  await waitFor(() => expect(kinds(names(5)).slice(3)).toEqual(['path', 'path']));
  expect(server.prefetched.at(-1)?.images).toHaveLength(2);
});

test('what is printed is asked for at once', async () => {
  vi.stubGlobal('fetch', () => new Promise(() => {})); // nothing answers
  render(page(names(5)));
  expect(kinds(names(5))).toEqual(['url', 'url', 'url', '', '']);
  await act(async () => vi.dynamicImportSettled());
  act(() => void window.dispatchEvent(new Event('beforeprint')));
  await waitFor(() => expect(kinds(names(5))).toEqual(Array.from({ length: 5 }, () => 'url')));
});

describe('a lazy one', () => {
  /** What is observed, and what it says. */
  function stubObserver(): (key: string, isIntersecting: boolean) => void {
    let tell: IntersectionObserverCallback = () => {};
    vi.stubGlobal(
      'IntersectionObserver',
      class {
        constructor(callback: IntersectionObserverCallback) {
          tell = callback;
        }
        observe(): void {}
        unobserve(): void {}
      },
    );
    // What else an entry has nothing reads.
    return (key, isIntersecting) =>
      act(() => tell([{ target: img(key), isIntersecting } as unknown as IntersectionObserverEntry], {} as never));
  }

  test('is wanted while it is near, and no longer', async () => {
    vi.resetModules();
    const say = stubObserver();
    const { fetch } = globalThis;
    const sent: string[][] = [];
    vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
      if (!url.endsWith('/prefetch')) return fetch(url, init);
      // The test's own client sent it.
      const { images } = JSON.parse(init?.body as string) as { images: { s3_url: string }[] };
      sent.push(images.map(({ s3_url }) => new URL(s3_url).pathname.slice(1)));
      return new Promise(() => {});
    });
    render(page([...names(3), 'far.jpg', 'near.jpg'], { loading: 'lazy' }));
    await waitFor(() => expect(server.lookups).toHaveLength(1));
    await act(async () => new Promise((resolve) => setTimeout(resolve, 50)));
    expect(sent).toEqual([]);
    say('near.jpg', true);
    say('far.jpg', false);
    await waitFor(() => expect(sent).toEqual([['near.jpg']]));
    say('far.jpg', true);
    say('near.jpg', false);
    await waitFor(() => expect(sent.at(-1)).toEqual(['far.jpg']));
  });
});

describe('offline', () => {
  const offline = (): void => void vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false);

  test('the fallback and onError come now, and what comes back with the network is shown', async () => {
    offline();
    const onError = vi.fn();
    server.problem = { status: 502, code: 'UPSTREAM_UNREACHABLE', detail: 'No way there.' };
    render(
      <ImageCacheContext.Provider value={server.client}>
        <CachedImage s3_url={presign('a.jpg')} alt="a" fallback={<b>Offline</b>} onError={onError} />
      </ImageCacheContext.Provider>,
    );
    fireEvent.error(img('a')); // through the cache
    fireEvent.error(img('a')); // from S3
    await waitFor(() => expect(screen.getByText('Offline')).toBeTruthy());
    expect(onError).toHaveBeenCalledOnce();
    server.problem = undefined;
    vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(true);
    act(() => void window.dispatchEvent(new Event('online')));
    await waitFor(() => expect(kinds(['a'])).toEqual(['path']));
  });
});

describe('errors of sources that are not the last', () => {
  test('are heard neither by a parent nor by the document', async () => {
    const [onError, onParent, onDocument] = [vi.fn(), vi.fn(), vi.fn()];
    server.problem = { status: 404, code: 'UPSTREAM_NOT_FOUND', detail: 'Gone.' };
    document.addEventListener('error', onDocument, true);
    render(
      <ImageCacheContext.Provider value={server.client}>
        <div onError={onParent} onErrorCapture={onParent}>
          <CachedImage s3_url={presign('a.jpg')} alt="a" fallback="/none.svg" onError={onError} />
        </div>
      </ImageCacheContext.Provider>,
    );
    fireEvent.error(img('a'));
    fireEvent.error(img('a'));
    await waitFor(() => expect(srcOf('a')).toBe('/none.svg'));
    for (const listener of [onError, onParent, onDocument]) expect(listener).not.toHaveBeenCalled();
    fireEvent.error(img('a'));
    expect(onError).toHaveBeenCalledOnce();
    expect(onDocument).toHaveBeenCalledOnce();
    document.removeEventListener('error', onDocument, true);
    // Preact has no errors that bubble.
    const onParentOfPlain = vi.fn();
    render(
      <div onError={onParentOfPlain} onErrorCapture={onParentOfPlain}>
        <img src="/none.svg" alt="plain" />
      </div>,
    );
    fireEvent.error(img('plain'));
    expect(onParent.mock.calls).toHaveLength(onParentOfPlain.mock.calls.length);
  });
});

test('B12: a variant that cannot be made is no reason to show nothing: the cached original is next', () => {
  server.client.known.set(`${BUCKET}/a.jpg`, entryOf('a.jpg'));
  render(page(['a.jpg'], { widths: [320] }));
  expect(img('a.jpg').srcset).toContain('&w=320 320w');
  fireEvent.error(img('a.jpg'));
  expect(img('a.jpg').hasAttribute('srcset')).toBe(false);
  expect(kinds(['a.jpg'])).toEqual(['path']);
});

test('B15: an image that this page has loaded by itself is loaded by the same URL when it is shown again', async () => {
  const { unmount } = render(page(['a.jpg']));
  const url = srcOf('a.jpg');
  server.cached.set(`${BUCKET}/a.jpg`, entryOf('a.jpg'));
  fireEvent.load(img('a.jpg'));
  await waitFor(() => expect(server.client.known.get(`${BUCKET}/a.jpg`).entry).toBeTruthy());
  unmount();
  const again = (signature: string): ReactElement => (
    <ImageCacheContext.Provider value={server.client}>
      <CachedImage s3_url={presign('a.jpg', signature)} alt="a.jpg" />
    </ImageCacheContext.Provider>
  );
  render(again('two'));
  expect(srcOf('a.jpg')).toBe(url);
  act(() => server.emit({ type: 'stored', entry: entryOf('a.jpg', { sha256: 'other' }) }));
  await waitFor(() => expect(srcOf('a.jpg'), 'but not when its bytes are others').toContain('?path='));
});

test('a server that cannot even be asked how to ask leaves the original, then the fallback', async () => {
  vi.spyOn(server.client, 'fetching').mockRejectedValue(new TypeError('offline'));
  render(
    <ImageCacheContext.Provider value={server.client}>
      <CachedImage s3_url={presign('a.jpg')} alt="a" fallback={<b>Nothing</b>} />
    </ImageCacheContext.Provider>,
  );
  fireEvent.error(img('a'));
  expect(srcOf('a')).toBe(presign('a.jpg'));
  fireEvent.error(img('a'));
  await waitFor(() => expect(screen.getByText('Nothing')).toBeTruthy());
});

test('another object is asked for at once, also when the picture of the last one stays until it has come', () => {
  const keep = (key: string): ReactElement => (
    <ImageCacheContext.Provider value={server.client}>
      <CachedImage s3_url={presign(key)} alt="kept" keepPrevious />
    </ImageCacheContext.Provider>
  );
  const { rerender } = render(keep('a.jpg'));
  fireEvent.load(img('kept'));
  rerender(keep('b.jpg'));
  expect(srcOf('kept')).toContain(encodeURIComponent('b.jpg'));
});

test('an image whose bytes are the same after an invalidation has loaded, though no browser tells of a load', async () => {
  const onCacheStatus = vi.fn();
  server.client.known.set(`${BUCKET}/a.jpg`, entryOf('a.jpg'));
  const { result } = renderHook(() => useCachedImage(presign('a.jpg'), { onCacheStatus }), {
    wrapper: ({ children }) => (
      <ImageCacheContext.Provider value={server.client}>{children}</ImageCacheContext.Provider>
    ),
  });
  const element = new Image();
  act(() => result.current.ref(element));
  act(() => void element.dispatchEvent(new Event('load')));
  expect(result.current.isLoaded).toBe(true);
  act(() => server.emit({ type: 'invalidated', s3_urls: [`${BUCKET}/a.jpg`] }));
  expect(result.current.isLoaded).toBe(false);
  await waitFor(() => expect(result.current.isLoaded).toBe(true));
  expect(result.current.src).toContain('?path=');
});
