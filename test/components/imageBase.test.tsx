import { act, cleanup, fireEvent, render, screen } from '@testing-library/react';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CachedImage, type CachedImageProps } from '../../components/CachedImage.tsx';
import { type CacheClient, createCacheClient, defaultClient } from '../../components/client/cacheClient.ts';
import { configureImageCache } from '../../components/client/configureImageCache.ts';
import { setCredentials } from '../../components/client/crossOrigin.ts';
import { avoidCdn, usableCdn } from '../../components/client/imageCdn.ts';
import { getImageProps } from '../../components/client/imageProps.ts';
import { getProxiedImageUrl, preloadImages } from '../../components/client/imageProxy.ts';
import { ImageCacheContext } from '../../components/imageCacheContext.ts';
import { ImageCacheProvider } from '../../components/ImageCacheProvider.tsx';
import { BUCKET, entryOf, presign } from './cacheServer.ts';

const pathOf = (key: string) => `/image?path=${encodeURIComponent(entryOf(key).local_path)}`;
const urlOf = (key: string) => `/image?url=${encodeURIComponent(presign(key))}`;

/** A CDN that no other test has met. */
let cdn = '';
let tests = 0;
let base = '/api/cache';
let client: CacheClient;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.stubGlobal(
    'fetch',
    vi.fn<typeof fetch>(() => new Promise(() => {})),
  );
  cdn = `https://d${(tests += 1)}.cloudfront.net/api/cache`;
  base = '/api/cache';
  client = clientOf();
});
afterEach(() => {
  cleanup();
  configureImageCache({ base: false });
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function clientOf(): CacheClient {
  const made = createCacheClient({ baseUrl: () => base, imageBase: () => cdn, subscribe: () => {} });
  for (const key of ['a.jpg', 'b.jpg']) made.known.set(`${BUCKET}/${key}`, entryOf(key));
  return made;
}

const page = (props: CachedImageProps) => (
  <ImageCacheContext.Provider value={client}>
    <CachedImage alt="a" loading="eager" {...props} />
  </ImageCacheContext.Provider>
);

function show(props: CachedImageProps): HTMLImageElement {
  render(page(props));
  return screen.getByRole('img');
}

const attributesOf = (img: HTMLElement) => [img.getAttribute('src'), img.getAttribute('crossorigin')];

describe('an image that is known to be cached', () => {
  test('comes from the CDN, which gets no cookies, and so do its variants', () => {
    const img = show({ s3_url: presign('a.jpg'), widths: [320] });
    expect(attributesOf(img)).toEqual([cdn + pathOf('a.jpg'), 'anonymous']);
    expect(img.getAttribute('srcset')).toBe(`${cdn}${pathOf('a.jpg')}&w=320 320w`);
  });

  test('…whatever is sent to the server', () => {
    base = 'https://images.example.com/cache';
    setCredentials(base, 'include');
    expect(show({ s3_url: presign('a.jpg') }).getAttribute('crossorigin')).toBe('anonymous');
  });

  test('comes from the server if it was shown by the URL of that already', () => {
    client.known.setLoaded(`${BUCKET}/a.jpg`, base + urlOf('a.jpg'));
    expect(attributesOf(show({ s3_url: presign('a.jpg') }))).toEqual([base + urlOf('a.jpg'), null]);
  });

  test('comes from the server with candidates that are not known: an element has one crossorigin for all', () => {
    const srcSet = `${presign('a.jpg')} 1x, ${presign('new.jpg')} 2x`;
    const img = show({ s3_url: presign('a.jpg'), srcSet });
    expect(attributesOf(img)).toEqual([base + pathOf('a.jpg'), null]);
    expect(img.getAttribute('srcset')).toBe(`${base}${pathOf('a.jpg')} 1x, ${base}${urlOf('new.jpg')} 2x`);
  });

  test('may be given as a URL of the CDN', () => {
    expect(show({ src: `${cdn}/image?path=x` }).getAttribute('src')).toBe(`${cdn}/image?path=x`);
  });
});

test('an image that is not known comes from the server: its URL may have a signature', () => {
  expect(attributesOf(show({ s3_url: presign('new.jpg') }))).toEqual([base + urlOf('new.jpg'), null]);
});

test('the HTML of a server names no CDN, and so agrees with the first render over it', () => {
  vi.stubGlobal('document', undefined); // there is none on a server, by which Preact 10 knows it
  const html = renderToString(page({ s3_url: presign('a.jpg') }));
  vi.unstubAllGlobals();
  expect(html).toContain(`src="${base}/image?url=`);
  expect(html).not.toContain('cloudfront');
});

describe('when the CDN fails', () => {
  test('the same picture comes from the server, with its variants, and nobody is told', () => {
    const onError = vi.fn<() => void>();
    const img = show({ s3_url: presign('a.jpg'), widths: [320], onError });
    fireEvent.error(img);
    expect(attributesOf(img)).toEqual([base + pathOf('a.jpg'), null]);
    expect(img.getAttribute('srcset')).toBe(`${base}${pathOf('a.jpg')}&w=320 320w`);
    expect(onError).not.toHaveBeenCalled();
    expect(client.known.get(`${BUCKET}/a.jpg`).entry, 'the cache still has it').toBeTruthy();
  });

  test('once: when the server fails as well, it goes on as ever', () => {
    const img = show({ s3_url: presign('a.jpg') });
    fireEvent.error(img);
    fireEvent.error(img);
    expect(attributesOf(img)).toEqual([base + urlOf('a.jpg'), null]);
    fireEvent.error(img);
    expect(attributesOf(img)).toEqual([presign('a.jpg'), null]);
  });

  test('it is not asked for a minute, and then again', () => {
    fireEvent.error(show({ s3_url: presign('a.jpg') }));
    cleanup();
    expect(attributesOf(show({ s3_url: presign('b.jpg') }))).toEqual([base + pathOf('b.jpg'), null]);
    cleanup();
    vi.advanceTimersByTime(60_000);
    expect(attributesOf(show({ s3_url: presign('b.jpg') }))).toEqual([cdn + pathOf('b.jpg'), 'anonymous']);
  });

  test('pictures that it has provided stay', () => {
    const img = show({ s3_url: presign('a.jpg') });
    fireEvent.load(img);
    act(() => avoidCdn(cdn));
    render(page({ s3_url: presign('b.jpg') }));
    expect(attributesOf(img)).toEqual([cdn + pathOf('a.jpg'), 'anonymous']);
  });

  test('another CDN is not meant', () => {
    avoidCdn(cdn);
    expect(usableCdn(`${cdn}2`)).toBe(`${cdn}2`);
  });
});

describe('where it is said', () => {
  test('configureImageCache()', () => {
    configureImageCache({ base, imageBase: `${cdn}/` });
    expect(defaultClient.imageBase).toBe(cdn);
    configureImageCache({ base });
    expect(defaultClient.imageBase).toBeUndefined();
  });

  test('the provider', () => {
    let told: CacheClient | undefined;
    render(
      <ImageCacheProvider base={base} imageBase={`${cdn}/`}>
        <ImageCacheContext.Consumer>{(value) => void (told = value)}</ImageCacheContext.Consumer>
      </ImageCacheProvider>,
    );
    expect([told?.baseUrl, told?.imageBase]).toEqual([base, cdn]);
  });
});

describe('without an element that could notice a failure', () => {
  beforeEach(() => {
    configureImageCache({ base, imageBase: cdn });
    defaultClient.known.set(`${BUCKET}/a.jpg`, entryOf('a.jpg'));
  });

  test('URLs for other elements and for a canvas are of the server', () => {
    expect(getImageProps({ s3_url: presign('a.jpg') })).toEqual({ src: base + pathOf('a.jpg') });
    expect(getProxiedImageUrl(presign('a.jpg'))).toBe(base + pathOf('a.jpg'));
  });

  test('a preload asks the CDN, as the element will, and then the server', async () => {
    vi.stubGlobal(
      'fetch',
      vi.fn<typeof fetch>(() => Promise.reject(new TypeError('not now'))),
    );
    const asked: (string | null)[][] = [];
    vi.stubGlobal(
      'Image',
      class extends EventTarget {
        crossOrigin: string | null = null;
        set src(url: string) {
          asked.push([url, this.crossOrigin]);
          this.dispatchEvent(new Event(url.startsWith('https:') ? 'error' : 'load'));
        }
      },
    );
    const { results } = await preloadImages([presign('a.jpg')]);
    expect(asked).toEqual([
      [cdn + pathOf('a.jpg'), 'anonymous'],
      [base + pathOf('a.jpg'), null],
    ]);
    expect(results).toEqual([{ url: presign('a.jpg'), status: 'loaded', from: 'cache' }]);
  });
});
