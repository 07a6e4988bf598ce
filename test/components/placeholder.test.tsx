import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { type ReactElement, Suspense } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CachedImage, type CachedImageProps } from '../../components/CachedImage.tsx';
import { ImageCacheContext } from '../../components/imageCacheContext.ts';
import { SuspendingImage } from '../../components/SuspendingImage.tsx';
import { BUCKET, type CacheServer, entryOf, presign, startCacheServer } from './cacheServer.ts';

/** Of a picture of the sunset. */
const THUMBHASH = '1QcSHQRnh493V4dIh4eXh1h4kJUI';

let server: CacheServer;
beforeEach(async () => {
  server = await startCacheServer();
  // jsdom decodes no images.
  HTMLImageElement.prototype.decode = async () => {};
});
afterEach(async () => {
  cleanup();
  vi.restoreAllMocks();
  Reflect.deleteProperty(HTMLImageElement.prototype, 'decode');
  await server.close();
});

const image = (props: CachedImageProps): ReactElement => (
  <ImageCacheContext.Provider value={server.client}>
    <CachedImage alt="A" {...props} />
  </ImageCacheContext.Provider>
);
const img = (): HTMLImageElement => screen.getByRole('img');

test.each([
  ['that the app names', { thumbhash: THUMBHASH }],
  ['that the cache knows', {}],
])('a thumbhash %s is shown until the image is decoded, and the app’s own style after it', async (_name, props) => {
  server.client.known.set(`${BUCKET}/a.jpg`, entryOf('a.jpg', { placeholder: THUMBHASH }));
  render(image({ s3_url: presign('a.jpg'), placeholder: 'blur', style: { objectPosition: 'top' }, ...props }));
  await waitFor(() => expect(img().style.backgroundImage).toMatch(/^url\("?data:image\/png/));
  expect(img().style.objectPosition).not.toBe('top');
  fireEvent.load(img());
  await waitFor(() => expect(img().style.backgroundImage).toBe(''));
  expect(img().style.objectPosition).toBe('top');
});

test('an image that is there already gets none', async () => {
  vi.spyOn(HTMLImageElement.prototype, 'complete', 'get').mockReturnValue(true);
  vi.spyOn(HTMLImageElement.prototype, 'naturalWidth', 'get').mockReturnValue(640);
  server.client.known.set(`${BUCKET}/a.jpg`, null);
  render(image({ s3_url: presign('a.jpg'), placeholder: 'blur', thumbhash: THUMBHASH }));
  await act(() => new Promise((resolve) => setTimeout(resolve, 50)));
  expect(img().style.backgroundImage).toBe('');
});

test('what is no thumbhash is no placeholder', async () => {
  server.client.known.set(`${BUCKET}/a.jpg`, null);
  render(image({ s3_url: presign('a.jpg'), placeholder: 'blur', thumbhash: 'no!' }));
  await act(() => new Promise((resolve) => setTimeout(resolve, 50)));
  expect(img().style.backgroundImage).toBe('');
});

test('a SuspendingImage shows its boundary’s fallback until the image is decoded, and not again for a new signature', async () => {
  server.cached.set(`${BUCKET}/s.jpg`, entryOf('s.jpg'));
  const page = (signature: string): ReactElement => (
    <ImageCacheContext.Provider value={server.client}>
      <Suspense fallback="Wait">
        <SuspendingImage alt="A" s3_url={presign('s.jpg', signature)} />
      </Suspense>
    </ImageCacheContext.Provider>
  );
  let resolve = (): void => {};
  HTMLImageElement.prototype.decode = () => new Promise((done) => (resolve = done));
  const { rerender } = render(page('one'));
  expect(screen.getByText('Wait')).toBeTruthy();
  await vi.waitFor(() => expect(server.lookups).toHaveLength(1));
  await act(() => new Promise((later) => setTimeout(later, 50)));
  await act(async () => resolve());
  await waitFor(() => expect(img().getAttribute('src')).toContain('?path='));
  await act(async () => rerender(page('two')));
  expect(screen.queryByText('Wait')).toBeNull();
  expect(server.lookups).toHaveLength(1);
});
