import { act, cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { type ReactElement, StrictMode } from 'react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CachedImage, type CachedImageProps } from '../../components/CachedImage.tsx';
import { ImageCacheContext } from '../../components/imageCacheContext.ts';
import { BUCKET, type CacheServer, entryOf, presign, startCacheServer } from './cacheServer.ts';

let server: CacheServer;
/** How far each image is from the top of the page. */
let tops: Record<string, number>;
beforeEach(async () => {
  server = await startCacheServer();
  tops = {};
  // jsdom has no layout.
  vi.spyOn(HTMLImageElement.prototype, 'getBoundingClientRect').mockImplementation(function (this: HTMLImageElement) {
    return new DOMRect(0, tops[this.alt] ?? 0, 10, 10);
  });
});
afterEach(async () => {
  cleanup();
  vi.restoreAllMocks();
  await server.close();
});

const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `${index}.jpg`);
const page = (keys: readonly string[], props: CachedImageProps = {}): ReactElement => (
  <StrictMode>
    <ImageCacheContext value={server.client}>
      {keys.map((key) => (
        <CachedImage key={key} s3_url={presign(key)} alt={key} {...props} />
      ))}
    </ImageCacheContext>
  </StrictMode>
);
/** Which images have been asked for, in the order of the page. */
const asked = (): string[] =>
  screen
    .getAllByRole<HTMLImageElement>('img')
    .filter((img) => img.hasAttribute('src'))
    .map(({ alt }) => alt);

test('of images that are not cached five are asked for at a time', async () => {
  render(page(names(7)));
  await waitFor(() => expect(asked()).toEqual(names(5)));
  fireEvent.load(screen.getByAltText('1.jpg'));
  await waitFor(() => expect(asked()).toEqual(names(6)));
  fireEvent.error(screen.getByAltText('2.jpg'));
  await waitFor(() => expect(asked()).toEqual(names(7)));
});

test('the first five on the screen are asked for at once, before what gives the others their turns has been loaded', async () => {
  tops = { '1.jpg': 5_000, '2.jpg': -5_000 };
  render(page(names(9)));
  expect(asked()).toEqual(['0.jpg', '3.jpg', '4.jpg', '5.jpg', '6.jpg']);
  await waitFor(() => expect(server.calls).toContain('POST /lookup'));
  expect(asked(), 'and count as such').toHaveLength(5);
  fireEvent.load(screen.getByAltText('3.jpg'));
  await waitFor(() => expect(asked()).toContain('7.jpg'));
  expect(asked()).toHaveLength(6);
});

test('those that turn out to be cached wait no longer', async () => {
  for (const key of names(9)) server.cached.set(`${BUCKET}/${key}`, entryOf(key));
  render(page(names(9)));
  await waitFor(() => expect(asked()).toEqual(names(9)));
  expect(screen.getByAltText('8.jpg').getAttribute('src')).toContain('?path=');
});

test.each<CachedImageProps>([{ loading: 'eager' }, { fetchPriority: 'high' }])('%j ones never wait', (props) => {
  render(page(names(6), props));
  expect(asked()).toEqual(names(6));
});

test('the nearest goes first', async () => {
  tops = { '5.jpg': 5_000, '6.jpg': 900, '7.jpg': -4_000 };
  render(page(names(8)));
  await waitFor(() => expect(asked()).toEqual(names(5)));
  for (const [loaded, next] of [
    ['0.jpg', '6.jpg'],
    ['1.jpg', '7.jpg'],
    ['2.jpg', '5.jpg'],
  ] as const) {
    fireEvent.load(screen.getByAltText(loaded));
    await waitFor(() => expect(asked()).toContain(next));
    expect(asked()).toHaveLength(5 + Number(loaded[0]) + 1);
  }
});

test('lazy ones that are far are not asked for, however few there are', async () => {
  tops = { '1.jpg': 5_000 };
  render(page(names(2), { loading: 'lazy' }));
  await waitFor(() => expect(server.lookups).toHaveLength(1));
  await waitFor(() => expect(asked()).toEqual(['0.jpg']));
});

test('an image that is taken off the page gives up its turn', async () => {
  const { rerender } = render(page(names(7)));
  await waitFor(() => expect(asked()).toEqual(names(5)));
  rerender(page(names(7).slice(2)));
  await waitFor(() => expect(asked()).toEqual(names(7).slice(2)));
});

test('the picture of an image that was invalidated stays while it waits', async () => {
  const { rerender } = render(page(['old.jpg']));
  await waitFor(() => expect(asked()).toEqual(['old.jpg']));
  fireEvent.load(screen.getByAltText('old.jpg'));
  rerender(page(['old.jpg', ...names(5)]));
  await waitFor(() => expect(asked()).toHaveLength(6));
  const before = screen.getByAltText('old.jpg').getAttribute('src');
  act(() => server.announce({ type: 'invalidated', s3_urls: [`${BUCKET}/old.jpg`] }));
  expect(screen.getByAltText('old.jpg').getAttribute('src')).toBe(before);
  fireEvent.load(screen.getByAltText('0.jpg'));
  await waitFor(() => expect(screen.getByAltText('old.jpg').getAttribute('src')).toBe(`${before}&v=1`));
});
