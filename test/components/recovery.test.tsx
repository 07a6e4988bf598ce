import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { type ReactElement, StrictMode } from 'react';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CachedImage, type CachedImageProps } from '../../components/CachedImage.tsx';
import { ImageCacheProvider } from '../../components/ImageCacheProvider.tsx';
import { BUCKET, type CacheServer, presign, startCacheServer } from './cacheServer.ts';

let server: CacheServer;
beforeEach(async () => {
  server = await startCacheServer();
  vi.spyOn(console, 'warn').mockImplementation(() => {});
});
afterEach(async () => {
  cleanup();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  await server.close();
});

const REFUSED = { status: 404, code: 'UPSTREAM_NOT_FOUND', detail: 'No such key.', hint: 'Was it deleted?' } as const;
const SLOW = { status: 504, code: 'UPSTREAM_TIMEOUT', detail: 'S3 did not answer.' } as const;
const EXPIRED = { status: 403, code: 'UPSTREAM_EXPIRED', detail: 'Request has expired.' } as const;

const image = (props: CachedImageProps): ReactElement => (
  <ImageCacheProvider base={server.base}>
    <CachedImage alt="A" {...props} />
  </ImageCacheProvider>
);
const img = (): HTMLImageElement => screen.getByRole('img');
const src = (): string | null => img().getAttribute('src');
const readThrough = (url: string): string => `${server.base}/image?url=${encodeURIComponent(url)}`;
const shows = (url: string): Promise<void> => waitFor(() => expect(src()).toBe(url));
const asksFor = (key: string): Promise<void> => shows(readThrough(presign(key)));
const questions = (): number => server.calls.filter((call) => call === 'GET /image').length;
/** The cache and S3 have both failed. */
function failAll(): void {
  fireEvent.error(img());
  fireEvent.error(img());
}

test('B14: what follows a source that has failed is rendered before a browser paints again', async () => {
  render(image({ s3_url: presign('a.jpg') }));
  await asksFor('a.jpg');
  // As on a page.
  vi.stubGlobal('IS_REACT_ACT_ENVIRONMENT', false);
  img().dispatchEvent(new Event('error'));
  await new Promise<void>(queueMicrotask);
  expect(src()).toBe(presign('a.jpg'));
});

describe('fallback', () => {
  test('a URL is shown when every other URL has failed, and onError comes only when it fails, too', async () => {
    server.problem = REFUSED;
    const onError = vi.fn();
    render(image({ s3_url: presign('a.jpg'), fallback: '/none.svg', onError }));
    failAll();
    await waitFor(() => expect(src()).toBe('/none.svg'));
    expect(onError).not.toHaveBeenCalled();
    fireEvent.error(img());
    expect(onError).toHaveBeenCalledOnce();
  });

  test('a node takes the place of the <img>, after onError', async () => {
    server.problem = REFUSED;
    const onError = vi.fn();
    render(image({ s3_url: presign('a.jpg'), fallback: <b>Gone</b>, onError }));
    failAll();
    await waitFor(() => expect(screen.getByText('Gone')).toBeTruthy());
    expect(screen.queryByRole('img')).toBeNull();
    expect(onError).toHaveBeenCalledOnce();
  });

  test('another image is shown in place of the fallback', async () => {
    server.problem = REFUSED;
    const { rerender } = render(image({ s3_url: presign('a.jpg'), fallback: <b>Gone</b> }));
    failAll();
    await waitFor(() => expect(screen.getByText('Gone')).toBeTruthy());
    rerender(image({ s3_url: presign('b.jpg'), fallback: <b>Gone</b> }));
    await asksFor('b.jpg');
  });

  test('without a server it comes at once, and nothing is asked', () => {
    const fetched = vi.spyOn(globalThis, 'fetch');
    render(<CachedImage alt="A" s3_url={presign('a.jpg')} fallback="/none.svg" />);
    fireEvent.error(img());
    expect(src()).toBe('/none.svg');
    expect(fetched).not.toHaveBeenCalled();
  });
});

describe('a server that is offline by choice', () => {
  const MISS = { status: 504, code: 'OFFLINE_MISS', detail: 'The image is not in the cache.' } as const;

  test('I44: its miss is final, the fallback comes, and S3 is not asked in its place', async () => {
    vi.stubGlobal('__IMAGE_CACHE__', { base: server.base, isOffline: true });
    server.problem = MISS;
    const onError = vi.fn();
    const fetched = vi.spyOn(globalThis, 'fetch');
    render(image({ s3_url: presign('a.jpg'), fallback: '/none.svg', onError }));
    await asksFor('a.jpg');
    const shown: (string | null)[] = [];
    new MutationObserver(() => shown.push(src())).observe(img(), { attributeFilter: ['src'] });
    fireEvent.error(img());
    await waitFor(() => expect(src()).toBe('/none.svg'));
    expect(shown.filter((url) => url?.startsWith(BUCKET))).toEqual([]);
    expect(questions()).toBe(1);
    const asked = fetched.mock.calls.map(([input]) => (input instanceof Request ? input.url : input.toString()));
    expect(asked.every((url) => url.startsWith(server.base))).toBe(true);
  });

  test('I44: nor by an image that the server was asked to fetch, whatever the plugin says', async () => {
    server.problem = MISS;
    const others = ['b.jpg', 'c.jpg', 'd.jpg'];
    render(
      <ImageCacheProvider base={server.base}>
        {others.map((key) => (
          <CachedImage key={key} alt={key} s3_url={presign(key)} />
        ))}
        <CachedImage alt="A" s3_url={presign('a.jpg')} fallback="/none.svg" />
      </ImageCacheProvider>,
    );
    const fourth = screen.getByRole('img', { name: 'A' });
    const shown: (string | null)[] = [];
    new MutationObserver(() => shown.push(fourth.getAttribute('src'))).observe(fourth, { attributeFilter: ['src'] });
    await waitFor(() => expect(fourth.getAttribute('src')).toBe('/none.svg'));
    expect(shown).toEqual(['/none.svg']);
  });
});

describe('retries', () => {
  test('what may pass is tried again, twice, ever later; then onError comes, once', async () => {
    server.problem = SLOW;
    const onError = vi.fn();
    render(image({ s3_url: presign('a.jpg'), onError }));
    // Instead of waiting: what is to come after a second or more comes at once.
    const delays: number[] = [];
    const { setTimeout } = globalThis;
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    vi.stubGlobal('setTimeout', (run: () => void, ms = 0) => {
      if (ms !== 1_125 && ms !== 2_250) return setTimeout(run, ms);
      delays.push(ms);
      return setTimeout(run, 0);
    });
    const calls = (): number => server.calls.filter((call) => call === 'POST /prefetch').length;
    fireEvent.error(img()); // what it has asked for by itself
    for (const tries of [1, 2]) {
      expect(src()).toBe(presign('a.jpg'));
      const before = calls();
      fireEvent.error(img());
      // The server tries again, and says that it still cannot.
      await waitFor(() => expect(calls()).toBeGreaterThan(before));
      await shows(presign('a.jpg'));
      expect(delays).toHaveLength(tries);
    }
    fireEvent.error(img());
    await waitFor(() => expect(onError).toHaveBeenCalledOnce());
    expect(delays).toEqual([1_125, 2_250]);
  });

  test('what S3 refuses is not asked for again', async () => {
    server.problem = REFUSED;
    const onError = vi.fn();
    render(image({ s3_url: presign('a.jpg'), onError }));
    failAll();
    await waitFor(() => expect(onError).toHaveBeenCalledOnce());
    expect(src()).toBe(presign('a.jpg'));
  });
});

describe('refreshUrl', () => {
  // Of one moment, or the same signature would be another one a second later.
  const now = Date.now();
  const signed = (secondsAgo: number, key = 'a.jpg'): string => {
    const date = new Date(now - secondsAgo * 1_000).toISOString().replace(/[-:]|\.\d+/g, '');
    return `${BUCKET}/${key}?X-Amz-Date=${date}&X-Amz-Expires=60&X-Amz-Signature=${secondsAgo}`;
  };

  test.each([
    ['has expired', 120],
    ['is about to', 45],
  ])('is asked before the image is, when the signature %s', async (_name, secondsAgo) => {
    const key = `before-${secondsAgo}.jpg`;
    const refreshUrl = vi.fn(async () => signed(0, key));
    render(image({ s3_url: signed(secondsAgo, key), refreshUrl }));
    await waitFor(() => expect(src()).toBe(readThrough(signed(0, key))));
    expect(refreshUrl.mock.calls).toEqual([[`${BUCKET}/${key}`]]);
  });

  test('is not asked when the signature is good', async () => {
    const refreshUrl = vi.fn(() => signed(0));
    render(image({ s3_url: signed(1), refreshUrl }));
    await waitFor(() => expect(src()).toBe(readThrough(signed(1))));
    expect(refreshUrl).not.toHaveBeenCalled();
  });

  test('the provider’s is asked once for all who wait, in StrictMode, too', async () => {
    const refreshUrl = vi.fn(async () => signed(0, 'c.jpg'));
    render(
      <StrictMode>
        <ImageCacheProvider base={server.base} refreshUrl={refreshUrl}>
          <CachedImage alt="A" s3_url={signed(120, 'c.jpg')} />
          <CachedImage alt="B" s3_url={signed(121, 'c.jpg')} />
        </ImageCacheProvider>
      </StrictMode>,
    );
    const sources = (): (string | null)[] => screen.getAllByRole('img').map((each) => each.getAttribute('src'));
    const fresh = readThrough(signed(0, 'c.jpg'));
    await waitFor(() => expect(sources()).toEqual([fresh, fresh]));
    expect(refreshUrl).toHaveBeenCalledOnce();
  });

  test('providers add to each other: one may say where the server is, and another who signs', async () => {
    const refreshUrl = vi.fn(async () => signed(0, 'n.jpg'));
    render(
      <ImageCacheProvider base={server.base}>
        <ImageCacheProvider refreshUrl={refreshUrl}>
          <ImageCacheProvider>
            <CachedImage alt="A" s3_url={signed(120, 'n.jpg')} />
          </ImageCacheProvider>
        </ImageCacheProvider>
      </ImageCacheProvider>,
    );
    await waitFor(() => expect(src()).toBe(readThrough(signed(0, 'n.jpg'))));
    expect(refreshUrl).toHaveBeenCalledOnce();
  });

  test('is asked when the server says that the signature has expired', async () => {
    server.problem = EXPIRED;
    const fresh = presign('d.jpg', 'fresh');
    const onError = vi.fn();
    const refreshUrl = vi.fn(() => {
      server.problem = undefined;
      return fresh;
    });
    render(image({ s3_url: presign('d.jpg', 'old'), refreshUrl, onError }));
    await waitFor(() => expect(src()).toBe(readThrough(presign('d.jpg', 'old'))));
    failAll();
    await waitFor(() => expect(src()).toContain('?path='));
    // In dev the page has also asked why the image failed.
    const wanted = server.prefetched.filter(({ priority }) => priority === 'visible');
    expect(wanted.at(-1)).toMatchObject({ images: [{ s3_url: fresh }] });
    expect(onError).not.toHaveBeenCalled();
    expect(refreshUrl).toHaveBeenCalledOnce();
  });

  test('an answer that is no help ends in an error', async () => {
    server.problem = EXPIRED;
    const onError = vi.fn();
    const refreshUrl = (): string => {
      throw new Error('no');
    };
    render(image({ s3_url: presign('e.jpg'), refreshUrl, onError }));
    await waitFor(() => expect(src()).not.toBeNull());
    failAll();
    await waitFor(() => expect(onError).toHaveBeenCalledOnce());
  });
});

describe('in dev', () => {
  test('the reason and its hint are on the image until it shows one, and once on the console', async () => {
    server.problem = { ...REFUSED, detail: 'No such key as f.' }; // told in no other test
    render(image({ s3_url: presign('f.jpg') }));
    fireEvent.error(img());
    await vi.waitFor(() => expect(img().dataset['imageCacheError']).toBe('UPSTREAM_NOT_FOUND'));
    expect(img().title).toBe('UPSTREAM_NOT_FOUND: No such key as f. Was it deleted?');
    expect(img().style.outline).not.toBe('');
    fireEvent.load(img());
    expect(img().outerHTML).not.toMatch(/NOT_FOUND|outline/);
    cleanup();
    render(image({ s3_url: presign('f.jpg', 'two') }));
    fireEvent.error(img());
    await vi.waitFor(() => expect(img().dataset['imageCacheError']).toBe('UPSTREAM_NOT_FOUND'));
    expect(vi.mocked(console.warn).mock.calls).toEqual([[expect.stringContaining(`${BUCKET}/f.jpg\n`)]]);
    expect(JSON.stringify(vi.mocked(console.warn).mock.calls)).not.toContain('X-Amz');
    expect(questions(), 'a GET that fails would be one red line more').toBe(0);
  });

  test('E9: one warning a cause, with the number of images, whichever they are', async () => {
    const unlisted = `No bucket has URLs like this one (${Math.random()}).`; // told in no other test
    server.problem = { status: 403, code: 'HOST_NOT_ALLOWED', detail: unlisted, hint: "Add it: buckets: ['photos']" };
    const keys = ['1', '2', '3', '4', '5', '6'].map((name) => `e9/${name}.jpg`);
    const all = (more: string[] = []): ReactElement => (
      <ImageCacheProvider base={server.base}>
        {[...keys, ...more].map((key) => (
          <CachedImage key={key} alt={key} s3_url={presign(key)} loading="eager" />
        ))}
      </ImageCacheProvider>
    );
    const { rerender } = render(all());
    /** What an element has asked for by itself fails; the server says of the others that they do. */
    const failDirect = (): void => {
      for (const each of screen.getAllByRole('img'))
        if (each.getAttribute('src')?.includes('?url=')) fireEvent.error(each);
    };
    await waitFor(() => {
      failDirect();
      for (const each of screen.getAllByRole('img')) expect(each.getAttribute('src')).toContain('X-Amz-Signature');
    });
    const calls = (): string[] => vi.mocked(console.warn).mock.calls.map(([text]) => String(text));
    await waitFor(() => expect(calls()).toHaveLength(1));
    expect(calls()).toEqual([
      `[image-cache] 6 images, the first is ${BUCKET}/e9/1.jpg\nHOST_NOT_ALLOWED: ${unlisted} Add it: buckets: ['photos']`,
    ]);
    for (const each of screen.getAllByRole('img')) expect(each.title).toContain('HOST_NOT_ALLOWED');
    expect(questions(), 'a GET that fails would be one red line more').toBe(0);

    rerender(all(['e9/7.jpg', 'e9/8.jpg']));
    failDirect();
    await waitFor(() => expect(calls()).toHaveLength(2));
    expect(calls()[1]).toBe(`[image-cache] HOST_NOT_ALLOWED, as above: 2 images more, ${BUCKET}/e9/7.jpg …`);
  });

  test('E8: an object’s key that was taken for a path is answered by the URL to write, once', async () => {
    render(
      <>
        <CachedImage alt="A" s3_url="portraits/1.jpg" />
        <CachedImage alt="B" s3_url="portraits/2.jpg" />
      </>,
    );
    fireEvent.error(screen.getByAltText('A'));
    fireEvent.error(screen.getByAltText('B'));
    await waitFor(() => expect(console.warn).toHaveBeenCalled());
    expect(vi.mocked(console.warn).mock.calls).toEqual([
      [
        '[image-cache] The page\'s own server has no image at portraits/1.jpg. If that is the key of an object, name its bucket, too: s3_url="s3://<bucket>/portraits/1.jpg"',
      ],
    ]);
    // Each image says it of itself.
    expect(screen.getByAltText('A').style.outline).not.toBe('');
    expect(screen.getByAltText('B').title).toContain('s3_url="s3://<bucket>/portraits/2.jpg"');
  });

  test('a title of the app’s own stays', async () => {
    server.problem = REFUSED;
    render(image({ s3_url: presign('g.jpg'), title: 'Portrait' }));
    fireEvent.error(img());
    await vi.waitFor(() => expect(img().dataset['imageCacheError']).toBe('UPSTREAM_NOT_FOUND'));
    expect(img().title).toBe('Portrait');
  });
});

describe('another object', () => {
  /** The attributes that were changed until b.jpg is shown in place of a.jpg, as they were before. */
  async function changes(toElement: (key: string) => ReactElement): Promise<(string | null)[]> {
    const { rerender } = render(toElement('a.jpg'));
    await asksFor('a.jpg');
    const changed: (string | null)[] = [];
    const keep = (records: readonly MutationRecord[]) => changed.push(...records.map(({ oldValue }) => oldValue));
    const observer = new MutationObserver(keep);
    observer.observe(img(), { attributes: true, attributeOldValue: true });
    rerender(toElement('b.jpg'));
    await asksFor('b.jpg');
    keep(observer.takeRecords());
    return changed;
  }

  test('begins without the old picture', async () => {
    const before = await changes((key) => image({ s3_url: presign(key) }));
    // Taken away, and set again: browsers blank the element then.
    expect(before.filter((value) => value === null)).toHaveLength(1);
  });

  test('keepPrevious keeps it until the new one has come', async () => {
    expect(await changes((key) => image({ s3_url: presign(key), keepPrevious: true }))).not.toContain(null);
  });

  test('…unless the row of a virtual list is another', async () => {
    const row = (key: string): ReactElement => image({ s3_url: presign(key), keepPrevious: true, recyclingKey: key });
    expect(await changes(row)).toContain(null);
  });
});

describe('S3 answers again', () => {
  const recovered = (): void => act(() => void window.dispatchEvent(new Event('image-cache:recovered')));
  /** Enough for what is loaded when it is needed, and for a call that gathers images. */
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

  test('an image that has failed for good is fetched and shown', async () => {
    server.problem = REFUSED;
    render(image({ s3_url: presign('a.jpg'), fallback: '/none.svg' }));
    await asksFor('a.jpg');
    failAll();
    await shows('/none.svg');
    server.problem = undefined;
    recovered();
    await waitFor(() => expect(src()).toContain('/image?path='));
  });

  test('an image that waits for its next try, or for an original that never comes, does not wait any longer', async () => {
    server.problem = SLOW;
    render(image({ s3_url: presign('a.jpg'), retries: 9 }));
    await asksFor('a.jpg');
    failAll();
    await waitFor(() => expect(questions()).toBeGreaterThan(0));
    server.problem = undefined;
    recovered();
    await waitFor(() => expect(src()).toContain('/image?path='));
    cleanup();
    render(image({ s3_url: presign('b.jpg') }));
    await asksFor('b.jpg');
    fireEvent.error(img());
    await shows(presign('b.jpg'));
    recovered();
    await waitFor(() => expect(src()).toContain('/image?path='));
  });

  test('an image on the screen stays as it is', async () => {
    render(image({ s3_url: presign('a.jpg') }));
    await asksFor('a.jpg');
    fireEvent.load(img());
    const before = src();
    recovered();
    await pause();
    expect(src()).toBe(before);
    expect(server.prefetched).toEqual([]);
  });

  test('a picture that no cache can hold loads on, and no server is asked about it', async () => {
    render(image({ s3_url: '/logo.png' }));
    await pause();
    recovered();
    expect(src()).toBe('/logo.png');
    await pause();
    expect(server.calls).toEqual([]);
  });
});
