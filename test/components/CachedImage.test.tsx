import type { CacheEvent } from '../../plugin/protocol.ts';
import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { createRef, type ReactElement, type ReactNode, StrictMode } from 'react';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CachedImage, type CachedImageProps } from '../../components/CachedImage.tsx';
import { createCacheClient } from '../../components/client/cacheClient.ts';
import { imageKey } from '../../components/client/imageKey.ts';
import { ImageCacheContext } from '../../components/imageCacheContext.ts';
import { SIGNED_URLS, withQuery } from '../helpers/signedUrls.ts';
import { BUCKET, type CacheServer, entryOf, presign, startCacheServer } from './cacheServer.ts';

const KEY = `${BUCKET}/a.jpg`;

let server: CacheServer;
beforeEach(async () => void (server = await startCacheServer()));
afterEach(async () => {
  cleanup();
  await server.close();
});

function Cache({ children }: { children: ReactNode }): ReactElement {
  return <ImageCacheContext.Provider value={server.client}>{children}</ImageCacheContext.Provider>;
}

const mount = (element: ReactElement): ReturnType<typeof render> => render(element, { wrapper: Cache });
const image = (props: CachedImageProps): ReactElement => <CachedImage alt="A" {...props} />;
const img = (): HTMLImageElement => screen.getByRole('img');
const src = (): string | null => img().getAttribute('src');
const readThrough = (url: string, more = ''): string => `${server.base}/image?url=${encodeURIComponent(url)}${more}`;
const cachedSrc = (key: string): string =>
  `${server.base}/image?path=${encodeURIComponent(`.image-cache/images/0001/${key}`)}`;
const know = (key: string): void => server.client.known.set(`${BUCKET}/${key}`, entryOf(key));
/** Until an image that is not known to be cached has its turn. */
const shows = (url: string): Promise<void> => waitFor(() => expect(src()).toBe(url));
/** Until the look-up of this tick has been answered and taken in. */
const lookedUp = async (): Promise<void> => {
  await act(() => vi.waitFor(() => expect(server.client.known.get(KEY).entry).not.toBeUndefined(), 5_000));
};

describe('source', () => {
  test('a known image has its immutable URL in the first render, and nothing is asked', async () => {
    know('a.jpg');
    mount(image({ s3_url: presign('a.jpg') }));
    expect(src()).toBe(cachedSrc('a.jpg'));
    await act(async () => {});
    expect(server.calls).toEqual([]);
  });

  test('an unknown image reads through; the answer to its look-up never swaps it', async () => {
    server.cached.set(KEY, entryOf('a.jpg'));
    mount(image({ s3_url: presign('a.jpg'), actor_id: '00 1' }));
    await shows(readThrough(presign('a.jpg'), '&actor_id=00%201'));
    await lookedUp();
    expect(src()).toBe(readThrough(presign('a.jpg'), '&actor_id=00%201'));
    cleanup();
    mount(image({ s3_url: presign('a.jpg') }));
    expect(src(), 'a later mount').toBe(cachedSrc('a.jpg'));
  });

  test('a page full of images under StrictMode is one look-up', async () => {
    mount(
      <StrictMode>
        {['a.jpg', 'b.jpg', 'c.jpg'].map((key) => (
          <CachedImage key={key} src={presign(key)} alt="" />
        ))}
        <CachedImage src={presign('a.jpg')} alt="once more" />
      </StrictMode>,
    );
    await lookedUp();
    expect(server.lookups).toEqual([{ urls: ['a.jpg', 'b.jpg', 'c.jpg'].map((key) => presign(key)) }]);
  });

  test('T24: a new signature of the same object changes nothing in the DOM and asks nothing', async () => {
    const { rerender } = mount(image({ s3_url: presign('a.jpg', 'one') }));
    await lookedUp();
    const before = img().outerHTML;
    rerender(image({ s3_url: presign('a.jpg', 'two') }));
    expect(img().outerHTML).toBe(before);
    expect(server.lookups).toHaveLength(1);
  });

  test.each(SIGNED_URLS)('B16: nor does one of $service', async ({ url, signings, others: [other = ''] }) => {
    const [one, two] = signings.map((query) => withQuery(url, query)) as [string, string]; // of two
    const { rerender } = mount(image({ s3_url: one }));
    await act(() => vi.waitFor(() => expect(server.client.known.get(imageKey(url)).entry).not.toBeUndefined()));
    const before = img().outerHTML;
    rerender(image({ s3_url: two }));
    expect(img().outerHTML).toBe(before);
    expect(server.lookups).toHaveLength(1);
    rerender(image({ s3_url: withQuery(two, other) }));
    await shows(readThrough(withQuery(two, other)));
  });

  test('another object is another image', async () => {
    const { rerender } = mount(image({ s3_url: presign('a.jpg') }));
    await shows(readThrough(presign('a.jpg')));
    rerender(image({ s3_url: presign('b.jpg') }));
    await shows(readThrough(presign('b.jpg')));
  });

  test.each(['data:image/png;base64,AA==', 'blob:http://localhost:3000/1', '/logo.png', 'http://localhost:3000/a.png'])(
    'leaves %s alone',
    async (url) => {
      mount(image({ src: url }));
      expect(src()).toBe(url);
      await act(async () => {});
      expect(server.calls).toEqual([]);
    },
  );

  test('srcSet candidates are rewritten one by one', () => {
    know('b,c.jpg');
    mount(image({ src: presign('a.jpg'), srcSet: `${presign('a.jpg')} 1x, ${presign('b,c.jpg')} 2x, /d.jpg 3x` }));
    const a = readThrough(presign('a.jpg'));
    expect(img().getAttribute('srcset')).toBe(`${a} 1x, ${cachedSrc('b,c.jpg')} 2x, /d.jpg 3x`);
  });
});

describe('widths', () => {
  const candidates = (url: string): string => `${readThrough(url)}&w=384 384w,${readThrough(url)}&w=640 640w`;

  test('4: the first images of a page, which it does not know, have their srcset in the first commit', async () => {
    mount(image({ s3_url: presign('a.jpg'), widths: [384, 640], sizes: '300px' }));
    expect(src()).toBe(readThrough(presign('a.jpg')));
    expect(img().getAttribute('srcset')).toBe(candidates(presign('a.jpg')));
    // What the look-up tells does not exchange what is loading.
    server.cached.set(KEY, entryOf('a.jpg'));
    await lookedUp();
    expect(img().getAttribute('srcset')).toBe(candidates(presign('a.jpg')));
  });

  test('4: what was loaded so is loaded by the same URL when it is shown again', async () => {
    const again = (): ReturnType<typeof mount> =>
      mount(image({ s3_url: presign('a.jpg'), widths: [384, 640], sizes: '300px' }));
    again();
    server.cached.set(KEY, entryOf('a.jpg'));
    fireEvent.load(img());
    await lookedUp();
    cleanup();
    again();
    expect(img().getAttribute('srcset')).toBe(candidates(presign('a.jpg')));
  });

  test('4: if the server cannot give it, the URL as given is next, without candidates', async () => {
    mount(image({ s3_url: presign('a.jpg'), widths: [384] }));
    fireEvent.error(img());
    expect(src()).toBe(presign('a.jpg'));
    expect(img().hasAttribute('srcset')).toBe(false);
    await act(async () => {});
  });
});

describe('failure', () => {
  test('cached copy, read-through, original URL; onError comes when all have failed', async () => {
    know('a.jpg');
    const onError = vi.fn();
    mount(image({ s3_url: presign('a.jpg'), onError }));
    fireEvent.error(img());
    expect(src()).toBe(readThrough(presign('a.jpg')));
    fireEvent.error(img());
    expect(src()).toBe(presign('a.jpg'));
    expect(onError).not.toHaveBeenCalled();
    fireEvent.error(img());
    await act(() => vi.waitFor(() => expect(onError).toHaveBeenCalledOnce()));
    expect(onError.mock.calls[0]?.[0]).toMatchObject({ type: 'error', target: img() });
    expect(src()).toBe(presign('a.jpg'));
  });

  test('a fresh signature after all failed starts over', async () => {
    const { rerender } = mount(image({ s3_url: presign('a.jpg', 'old') }));
    await shows(readThrough(presign('a.jpg', 'old')));
    fireEvent.error(img());
    rerender(image({ s3_url: presign('a.jpg', 'new') }));
    expect(src()).toBe(presign('a.jpg', 'old'));
    fireEvent.error(img());
    expect(src(), 'the newer of two originals').toBe(presign('a.jpg', 'new'));
    fireEvent.error(img());
    rerender(image({ s3_url: presign('a.jpg', 'newest') }));
    await shows(readThrough(presign('a.jpg', 'newest')));
  });

  test('a cached copy that could not be loaded is asked for anew by the next mount', async () => {
    know('a.jpg');
    mount(image({ s3_url: presign('a.jpg') }));
    fireEvent.error(img());
    cleanup();
    mount(image({ s3_url: presign('a.jpg') }));
    await shows(readThrough(presign('a.jpg')));
    await lookedUp();
    expect(server.lookups).toHaveLength(1);
  });

  test('without a server it is a plain <img>: original URL, own onError, no request', async () => {
    const fetched = vi.spyOn(globalThis, 'fetch');
    const onError = vi.fn();
    const off = createCacheClient({ baseUrl: () => undefined });
    const loaded = vi.spyOn(off, 'fetching');
    const { rerender } = render(
      <ImageCacheContext.Provider value={off}>
        {image({ s3_url: presign('a.jpg', 'one'), onError })}
      </ImageCacheContext.Provider>,
    );
    expect(img().outerHTML).toBe(`<img alt="A" src="${presign('a.jpg', 'one').replaceAll('&', '&amp;')}">`);
    fireEvent.error(img());
    expect(onError).toHaveBeenCalledOnce();
    rerender(
      <ImageCacheContext.Provider value={off}>{image({ s3_url: presign('a.jpg', 'two') })}</ImageCacheContext.Provider>,
    );
    expect(src()).toBe(presign('a.jpg', 'two'));
    await act(async () => {});
    expect(loaded, 'the code that sends requests').not.toHaveBeenCalled();
    expect(fetched).not.toHaveBeenCalled();
    fetched.mockRestore();
  });
});

describe('live', () => {
  test.each<[string, CacheEvent]>([
    ['invalidated', { type: 'invalidated', s3_urls: [KEY] }],
    ['cleared with its actor', { type: 'cleared', actor_id: '0001', s3_urls: [KEY] }],
    ['cleared with everything', { type: 'cleared', s3_urls: [KEY] }],
  ])('an image that is %s is fetched again under another URL', async (_name, event) => {
    server.cached.set(KEY, entryOf('a.jpg'));
    mount(image({ s3_url: presign('a.jpg') }));
    await lookedUp();
    server.cached.clear();
    await shows(readThrough(presign('a.jpg')));
    act(() => server.emit(event));
    await shows(readThrough(presign('a.jpg'), '&v=1'));
    await lookedUp();
    expect(server.lookups).toHaveLength(2);
    expect(server.client.known.get(KEY).entry).toBeNull();
  });

  test('another image that is invalidated changes nothing', async () => {
    mount(image({ s3_url: presign('a.jpg') }));
    await lookedUp();
    act(() => server.emit({ type: 'invalidated', s3_urls: [`${BUCKET}/b.jpg`] }));
    expect(src()).toBe(readThrough(presign('a.jpg')));
  });

  test('what was read through is looked up again, so that later mounts have the immutable URL', async () => {
    mount(image({ s3_url: presign('a.jpg') }));
    await lookedUp();
    server.cached.set(KEY, entryOf('a.jpg'));
    fireEvent.load(img());
    await act(() => vi.waitFor(() => expect(server.client.known.get(KEY).entry).toEqual(entryOf('a.jpg'))));
    expect(src()).toBe(readThrough(presign('a.jpg')));
  });
});

describe('element', () => {
  test('is one <img> and nothing around it, with nothing of its own but its source, and what that needs at another origin', () => {
    know('a.jpg');
    const { container } = mount(image({ s3_url: presign('a.jpg') }));
    expect(container.children).toHaveLength(1);
    expect(container.firstElementChild).toBe(img());
    expect(img().getAttributeNames().toSorted()).toEqual(['alt', 'crossorigin', 'src']);
  });

  test('every attribute goes through; loading and sizes come before srcset, srcset before src', () => {
    const props = { srcSet: '/b.jpg 2x', src: '/a.jpg', sizes: '1px', loading: 'lazy', className: 'c' } as const;
    mount(image({ ...props, 'aria-hidden': false, style: { maxWidth: '100%' } }));
    const names = img().getAttributeNames();
    expect([...names].toSorted()).toEqual(
      ['alt', 'aria-hidden', 'class', 'loading', 'sizes', 'src', 'srcset', 'style'].toSorted(),
    );
    const order = ['loading', 'sizes', 'srcset', 'src'];
    expect(names.filter((name) => order.includes(name))).toEqual(order);
  });

  test('a size that the cache knows is no attribute: a plain <img> has none either', async () => {
    server.cached.set(KEY, entryOf('a.jpg'));
    mount(image({ s3_url: presign('a.jpg') }));
    await lookedUp();
    expect(img().outerHTML).not.toMatch(/width|height/);
  });

  test('E2: ref objects and callbacks get the element once and are cleaned up, as those of an <img> are', () => {
    /** What the refs of such an element hear, until it is unmounted. */
    function refsOf(toElement: (props: CachedImageProps) => ReactElement): Record<string, unknown> {
      const object = createRef<HTMLImageElement>();
      const undo = vi.fn();
      const withCleanup = vi.fn(() => undo);
      const plain = vi.fn();
      const tree = (src: string): ReactElement => (
        <>
          {toElement({ ref: object, src })}
          {toElement({ ref: withCleanup, src })}
          {toElement({ ref: plain, src })}
        </>
      );
      const { rerender, unmount } = mount(tree(presign('a.jpg')));
      rerender(tree(presign('b.jpg')));
      expect(object.current).toBeInstanceOf(HTMLImageElement);
      expect(withCleanup).toHaveBeenCalledOnce();
      expect(plain).toHaveBeenCalledOnce();
      unmount();
      expect(object.current).toBeNull();
      expect(plain.mock.lastCall?.[0]).toBeNull();
      // React 18 has no clean-ups of refs.
      return { undone: undo.mock.calls.length };
    }
    expect(refsOf(image)).toEqual(refsOf((props) => <img alt="A" {...props} />));
  });

  test('E2: a ref gets null when the fallback takes the place of the <img>, and the element when that comes back', async () => {
    const ref = createRef<HTMLImageElement>();
    const off = createCacheClient({ baseUrl: () => undefined });
    const tree = (url: string): ReactElement => (
      <StrictMode>
        <ImageCacheContext.Provider value={off}>
          {image({ ref, s3_url: url, fallback: <b>Gone</b> })}
        </ImageCacheContext.Provider>
      </StrictMode>
    );
    const { rerender } = render(tree(presign('a.jpg')));
    expect(ref.current).toBe(img());
    fireEvent.error(img());
    await waitFor(() => expect(screen.getByText('Gone')).toBeTruthy());
    expect(ref.current).toBeNull();
    rerender(tree(presign('b.jpg')));
    expect(ref.current).toBe(img());
  });

  test('E2: what is rendered no more is removed and not emptied: an empty src fails, an empty crossorigin asks by CORS', async () => {
    know('a.jpg');
    const { rerender } = mount(image({ s3_url: presign('a.jpg') }));
    expect(img().crossOrigin).toBe('anonymous');
    fireEvent.error(img());
    fireEvent.error(img());
    await shows(presign('a.jpg'));
    expect(img().hasAttribute('crossorigin')).toBe(false);
    rerender(image({ s3_url: undefined }));
    expect(img().hasAttribute('src')).toBe(false);
    rerender(image({ src: '/b.jpg', crossOrigin: '' }));
    expect(img().getAttribute('crossorigin'), 'the app’s own').toBe('');
  });

  test("the consumer's onLoad is called", () => {
    const onLoad = vi.fn();
    mount(image({ s3_url: presign('a.jpg'), onLoad }));
    fireEvent.load(img());
    expect(onLoad).toHaveBeenCalledOnce();
  });

  test('the original URL is reported as origin', async () => {
    const onCacheStatus = vi.fn();
    mount(image({ s3_url: presign('a.jpg'), onCacheStatus }));
    fireEvent.error(img());
    fireEvent.load(img());
    fireEvent.load(img());
    await act(() => vi.waitFor(() => expect(onCacheStatus).toHaveBeenCalled()));
    expect(onCacheStatus.mock.calls).toEqual([[{ from: 'origin', ms: expect.any(Number) }]]);
  });
});
