import { cleanup, render, screen, waitFor } from '@testing-library/react';
import { afterEach, expect, test, vi } from 'vitest';
import { CachedImage } from '../../components/CachedImage.tsx';
import { getImageProps } from '../../components/client/imageProps.ts';
import { configureImageCache } from '../../components/client/configureImageCache.ts';
import { ImageCacheProvider, type ImageCacheProviderProps } from '../../components/ImageCacheProvider.tsx';
import { presign } from './cacheServer.ts';

afterEach(() => {
  cleanup();
  configureImageCache({ base: false });
  vi.unstubAllGlobals();
});

/** How an image of a server is asked for, and how the page's calls are. */
async function askedBy(props: ImageCacheProviderProps): Promise<[string | null, unknown]> {
  const fetched = vi.fn<typeof fetch>(() => new Promise(() => {}));
  vi.stubGlobal('fetch', fetched);
  render(
    <ImageCacheProvider {...props}>
      <CachedImage s3_url={presign('a.jpg')} alt="a" />
    </ImageCacheProvider>,
  );
  await waitFor(() => expect(fetched).toHaveBeenCalled());
  return [screen.getByRole('img').getAttribute('crossorigin'), fetched.mock.calls[0]?.[1]?.credentials];
}

test('a server of this origin needs nothing', async () => {
  expect(await askedBy({ base: '/api/cache' })).toEqual([null, 'same-origin']);
});

test('a server of another origin is asked by CORS, without cookies', async () => {
  expect(await askedBy({ base: 'https://images.example.com/cache' })).toEqual(['anonymous', 'same-origin']);
});

test('…and with them when the app says so', async () => {
  const props = { base: 'https://images.example.com/auth', credentials: 'include' } as const;
  expect(await askedBy(props)).toEqual(['use-credentials', 'include']);
});

test('what S3 itself shows is asked for as ever', () => {
  render(<CachedImage s3_url={presign('a.jpg')} alt="a" />);
  expect(screen.getByRole('img').hasAttribute('crossorigin')).toBe(false);
});

test('a crossOrigin of the app’s own stays', () => {
  render(
    <ImageCacheProvider base="https://images.example.com/cache">
      <CachedImage s3_url={presign('a.jpg')} alt="a" crossOrigin="use-credentials" />
    </ImageCacheProvider>,
  );
  expect(screen.getByRole('img').getAttribute('crossorigin')).toBe('use-credentials');
});

test('getImageProps says it, too', () => {
  configureImageCache({ base: 'https://images.example.com/cache', credentials: 'include' });
  expect(getImageProps({ s3_url: presign('a.jpg') })).toMatchObject({ crossOrigin: 'use-credentials' });
  configureImageCache({ base: 'https://images.example.com/cache' });
  expect(getImageProps({ s3_url: presign('a.jpg') })).toMatchObject({ crossOrigin: 'anonymous' });
  expect(getImageProps({ src: '/logo.png' })).toEqual({ src: '/logo.png' });
});
