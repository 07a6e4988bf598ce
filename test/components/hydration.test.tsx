// @vitest-environment node
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { act, waitFor } from '@testing-library/react';
import { type ReactElement, StrictMode, Suspense } from 'react';
import { hydrateRoot, type Root } from 'react-dom/client';
import { renderToPipeableStream, renderToString } from 'react-dom/server';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { builtinEnvironments } from 'vitest/runtime';
import { BUCKET, type CacheServer, entryOf, presign, startCacheServer } from './cacheServer.ts';

let server: CacheServer;
let roots: Root[] = [];
let leaveBrowser: (() => unknown) | undefined;
beforeEach(async () => {
  server = await startCacheServer();
  vi.spyOn(console, 'error');
});
afterEach(async () => {
  await act(async () => roots.forEach((root) => root.unmount()));
  roots = [];
  await leaveBrowser?.();
  leaveBrowser = undefined;
  await server.close();
  expect(console.error).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

/** The kit as one process imports it, a server or a page, with a cache that it knows nothing of yet. */
async function loadKit() {
  vi.resetModules();
  const kit = await import('../../components/index.ts');
  const { ImageCacheContext } = await import('../../components/imageCacheContext.ts');
  const { createCacheClient } = await import('../../components/client/cacheClient.ts');
  return { ...kit, ImageCacheContext, client: createCacheClient({ baseUrl: () => server.base }) };
}

type Kit = Awaited<ReturnType<typeof loadKit>>;

async function enterBrowser(): Promise<void> {
  const { teardown } = await builtinEnvironments.jsdom.setup(globalThis, {});
  leaveBrowser = () => teardown(globalThis);
}

/** @param eager the one that is not to wait for others */
function page({ CachedImage, ImageCacheContext, client }: Kit, keys: readonly string[], eager?: string): ReactElement {
  return (
    <StrictMode>
      <ImageCacheContext.Provider value={client}>
        {keys.map((key) => (
          <CachedImage key={key} s3_url={presign(key)} alt={key} {...(key === eager && { loading: 'eager' })} />
        ))}
      </ImageCacheContext.Provider>
    </StrictMode>
  );
}

/** @returns its images, and the URLs that they lose */
async function hydrate(html: string, tree: ReactElement): Promise<{ images: HTMLImageElement[]; lost: string[] }> {
  const container = document.createElement('div');
  container.innerHTML = html;
  document.body.append(container);
  const images = [...container.querySelectorAll('img')];
  const lost: string[] = [];
  const observer = new MutationObserver((records) => {
    for (const { target, attributeName = '', oldValue } of records) {
      // Images are all that is observed. Preact 10 sets to some what they have.
      const value = (target as HTMLImageElement).getAttribute(attributeName ?? '');
      if (oldValue && oldValue !== value) lost.push(oldValue);
    }
  });
  for (const each of images) observer.observe(each, { attributeFilter: ['src', 'srcset'], attributeOldValue: true });
  await act(async () => void roots.push(hydrateRoot(container, tree)));
  return { images, lost };
}

const KEYS = ['0.jpg', '1.jpg', '2.jpg', '3.jpg', '4.jpg', '5.jpg'];
const readThrough = (key: string): string => `${server.base}/image?url=${encodeURIComponent(presign(key))}`;
const sources = (images: Iterable<HTMLImageElement>): (string | null)[] =>
  Array.from(images, (each) => each.getAttribute('src'));
const shown = (): HTMLImageElement[] => [...document.querySelectorAll('img')];

describe('E2: on a server', () => {
  test('the first three and eager ones have their src', async () => {
    const html = renderToString(page(await loadKit(), KEYS, '5.jpg'));
    const withSource = html.match(/<img[^>]*\ssrc="/g) ?? [];
    expect(withSource.map((tag) => /alt="([^"]*)"/.exec(tag)?.[1])).toEqual(['0.jpg', '1.jpg', '2.jpg', '5.jpg']);
    expect(html).not.toMatch(/hydration/i);
  });

  test('a URL reads through', async () => {
    const { CachedImage, ImageCacheProvider } = await loadKit();
    const html = renderToString(
      <ImageCacheProvider base="/api/cache/">
        <CachedImage s3_url={presign('a.jpg')} alt="A" loading="lazy" />
      </ImageCacheProvider>,
    );
    const src = `/api/cache/image?url=${encodeURIComponent(presign('a.jpg'))}`;
    expect(html).toBe(`<img loading="lazy" alt="A" src="${src}"/>`);
  });

  test('4: `widths` are in the HTML, and stay as they are when the page knows the image', async () => {
    const tree = ({ CachedImage, ImageCacheContext, client }: Kit): ReactElement => (
      <ImageCacheContext.Provider value={client}>
        <CachedImage s3_url={presign('a.jpg')} alt="" widths={[384, 1200]} sizes="300px" />
      </ImageCacheContext.Provider>
    );
    const html = renderToString(tree(await loadKit()));
    const srcset = `${readThrough('a.jpg')}&w=384 384w,${readThrough('a.jpg')}&w=1200 1200w`;
    expect(html.replaceAll('&amp;', '&').replace('srcSet', 'srcset')).toContain(`srcset="${srcset}"`);
    await enterBrowser();
    const kit = await loadKit();
    kit.client.known.set(`${BUCKET}/a.jpg`, entryOf('a.jpg'));
    const { images, lost } = await hydrate(html, tree(kit));
    expect(images.map((each) => each.getAttribute('srcset'))).toEqual([srcset]);
    expect(lost).toEqual([]);
  });

  test('B21: a SuspendingImage is its <img>, in a string and in a stream, and all else renders', async () => {
    const kit = await loadKit();
    const { SuspendingImage, ImageCacheProvider, PrefetchProgress, useImageCacheEvents, useCacheStats, usePrefetch } =
      kit;
    function Hooks(): string {
      useImageCacheEvents(() => {});
      const { completed, total } = usePrefetch().progress;
      return `${completed}/${total} ${useCacheStats().stats?.total_entries}`;
    }
    const tree = (
      <ImageCacheProvider base={server.base}>
        <Suspense fallback="Wait">
          <SuspendingImage s3_url={presign('a.jpg')} alt="A" />
        </Suspense>
        <PrefetchProgress />
        <Hooks />
      </ImageCacheProvider>
    );
    const image = `<img loading="eager" alt="A" crossorigin="anonymous" src="${readThrough('a.jpg')}"/>`;
    const html = renderToString(tree).replace('crossOrigin', 'crossorigin');
    expect(html).toContain(image);
    expect(html).toContain('0/0 undefined');
    const stream = new PassThrough();
    const { pipe } = renderToPipeableStream(tree, { onAllReady: () => void pipe(stream) });
    expect((await text(stream)).replace('crossOrigin', 'crossorigin')).toContain(image);
  });
});

describe('E2: over the HTML of a server', () => {
  test('what has its src keeps it, the others get theirs, and nothing is asked for twice', async () => {
    const html = renderToString(page(await loadKit(), KEYS, '5.jpg'));
    await enterBrowser();
    const { images, lost } = await hydrate(html, page(await loadKit(), KEYS, '5.jpg'));
    const first = (key: string): boolean => ['0.jpg', '1.jpg', '2.jpg', '5.jpg'].includes(key);
    const expected = KEYS.map((key) => (first(key) ? readThrough(key) : expect.stringContaining(`?path=`)));
    await waitFor(() => expect(sources(images)).toEqual(expected));
    expect(lost).toEqual([]);
    expect(shown()).toEqual(images);
    expect(images.map(({ alt, style }) => [alt, style.cssText])).toEqual(KEYS.map((key) => [key, '']));
    expect(server.calls).toEqual(['POST /lookup', 'POST /prefetch']);
    expect(server.lookups[0]?.urls).toHaveLength(KEYS.length);
    expect(server.prefetched[0]?.images).toHaveLength(2);
  });

  test('what the page knows meanwhile is shown, and loads nothing anew that the HTML has', async () => {
    const html = renderToString(page(await loadKit(), KEYS));
    await enterBrowser();
    const kit = await loadKit();
    for (const key of KEYS) kit.client.known.set(`${BUCKET}/${key}`, entryOf(key));
    const { lost } = await hydrate(html, page(kit, KEYS));
    const expected = KEYS.map((key, index) => (index < 3 ? readThrough(key) : expect.stringContaining(`?path=`)));
    await waitFor(() => expect(sources(shown())).toEqual(expected));
    expect(shown().map(({ alt, style }) => [alt, style.cssText])).toEqual(KEYS.map((key) => [key, '']));
    expect(lost).toEqual([]);
    expect(server.calls).toEqual([]);
  });

  test('a second piece of a page, whose first three have their src, too, loads nothing anew', async () => {
    const others = KEYS.map((key) => `other-${key}`);
    const pieces = [renderToString(page(await loadKit(), KEYS)), renderToString(page(await loadKit(), others))];
    await enterBrowser();
    const kit = await loadKit();
    const one = await hydrate(pieces[0] ?? '', page(kit, KEYS));
    const two = await hydrate(pieces[1] ?? '', page(kit, others));
    await waitFor(() => expect(sources([...one.images, ...two.images])).not.toContain(null));
    const toExpected = (keys: readonly string[]): unknown[] =>
      keys.map((key, index) => (index < 3 ? readThrough(key) : expect.stringContaining(`?path=`)));
    expect(sources([...one.images, ...two.images])).toEqual([...toExpected(KEYS), ...toExpected(others)]);
    const asked = server.prefetched.flatMap(({ images }) => images.map(({ s3_url }) => s3_url));
    for (const key of [...KEYS.slice(0, 3), ...others.slice(0, 3)]) expect(asked).not.toContain(presign(key));
  });

  // Preact 10 does not tell of the HTML, so there an image is decoded once more before its boundary goes on.
  test.skipIf(process.env['RENDERER'] === 'preact-10')(
    'a SuspendingImage does not wait for what is there',
    async () => {
      const tree = ({ SuspendingImage, ImageCacheContext, client }: Kit): ReactElement => (
        <ImageCacheContext.Provider value={client}>
          <Suspense fallback="Wait">
            <SuspendingImage s3_url={presign('a.jpg')} alt="A" />
          </Suspense>
        </ImageCacheContext.Provider>
      );
      const html = renderToString(tree(await loadKit()));
      await enterBrowser();
      const decoded = vi.fn();
      vi.stubGlobal('Image', decoded);
      const { images, lost } = await hydrate(html, tree(await loadKit()));
      await act(async () => vi.dynamicImportSettled());
      expect(shown()).toEqual(images);
      expect([lost, sources(images)]).toEqual([[], [readThrough('a.jpg')]]);
      expect(decoded).not.toHaveBeenCalled();
      vi.unstubAllGlobals();
    },
  );

  /** An element of the HTML that has loaded before, or failed: jsdom loads no images, so it says so of itself. */
  async function hydrateSettled(decode: () => Promise<void>, onLoad?: () => void): Promise<HTMLImageElement> {
    const tree = ({ CachedImage, ImageCacheContext, client }: Kit): ReactElement => (
      <StrictMode>
        <ImageCacheContext.Provider value={client}>
          <CachedImage s3_url={presign('a.jpg')} alt="A" onLoad={onLoad} />
        </ImageCacheContext.Provider>
      </StrictMode>
    );
    const html = renderToString(tree(await loadKit()));
    await enterBrowser();
    vi.spyOn(HTMLImageElement.prototype, 'complete', 'get').mockReturnValue(true);
    vi.spyOn(HTMLImageElement.prototype, 'currentSrc', 'get').mockReturnValue(readThrough('a.jpg'));
    HTMLImageElement.prototype.decode = decode;
    const { images } = await hydrate(html, tree(await loadKit()));
    return images[0] ?? expect.fail('nothing was rendered');
  }

  // Preact 10 does not tell of the HTML, and does not tell the app of a plain <img> that has loaded before, either.
  test.skipIf(process.env['RENDERER'] === 'preact-10')('the app is told of what has loaded before, once', async () => {
    const onLoad = vi.fn();
    const target = await hydrateSettled(async () => {}, onLoad);
    expect(onLoad).toHaveBeenCalledOnce();
    expect(onLoad.mock.lastCall?.[0]).toMatchObject({ type: 'load', currentTarget: null, target });
  });

  test('what has failed before moves on to the original URL', async () => {
    const img = await hydrateSettled(() => Promise.reject(new DOMException('broken', 'EncodingError')));
    expect(img.getAttribute('src')).toBe(presign('a.jpg'));
  });
});
