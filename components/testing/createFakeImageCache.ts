import { createCacheClient, type CacheClient } from '../client/cacheClient.ts';
import { imageKey } from '../client/imageKey.ts';
import type { ErrorCode } from '../../plugin/protocol.ts';
import { driveElements, loadsImages } from './fakeElements.ts';
import { createFakeImages, type FakeImage, type FakeImageState } from './fakeImages.ts';
import { answerAs, PICTURE } from './fakeServer.ts';

export interface FakeImageCacheOptions {
  /** States of images, by any URL of each; signatures do not matter. @default {} */
  images?: Readonly<Record<string, FakeImageState | FakeImage>>;
  /** The state of all other images. @default 'loading' */
  others?: FakeImageState;
}

/** A cache without a server, whose images are controlled by the test. */
export interface FakeImageCacheControls {
  /** Makes the image cached. Elements that show it load it. */
  resolve(url: string): void;
  /** Makes the image fail. @param code the reason @default 'UPSTREAM_FORBIDDEN' */
  fail(url: string, code?: ErrorCode): void;
  /** Sets any other state. From `cached` to `loading` is an invalidation. */
  set(url: string, image: FakeImageState | FakeImage): void;
  /** The requests of the components, e.g. `POST /lookup`. */
  readonly requests: readonly string[];
  /** @internal */
  readonly client: CacheClient;
  /** @internal Begins to answer requests. Returns a function that stops it. */
  start(): () => void;
}

/** A browser shows a picture for every URL below this base, because the rest of the URL is a fragment. */
const PICTURE_BASE = `data:image/svg+xml,${encodeURIComponent(PICTURE)}#`;
/** The base outside of browsers, a host that does not exist: happy-dom dispatches `load` for `data:` URLs by itself. */
const BARE_BASE = 'https://image-cache.invalid/';
let count = 0;

/**
 * Creates a cache for tests and stories, which needs no server, no network and no time.
 * @example
 * const cache = createFakeImageCache({ images: { [url]: 'loading' } });
 * render(<Gallery />, { wrapper: ({ children }) => <FakeImageCache cache={cache}>{children}</FakeImageCache> });
 * act(() => cache.resolve(url));
 */
export function createFakeImageCache({
  images = {},
  others = 'loading',
}: FakeImageCacheOptions = {}): FakeImageCacheControls {
  const base = `${loadsImages() ? PICTURE_BASE : BARE_BASE}${(count += 1)}`;
  const fakes = createFakeImages(images, others);
  const requests: string[] = [];
  const client = createCacheClient({ baseUrl: () => base, subscribe: () => () => {} });
  // Events are taken in at once. Those of a server arrive only after the code for them has been loaded.
  fakes.subscribe((event) => event && client.take(event));
  // These are known at the first render, as on a page that has shown them before.
  for (const url of fakes.cached()) client.known.set(imageKey(url), fakes.entryOf(url));

  return {
    requests,
    client,
    set: fakes.set,
    resolve: (url) => fakes.set(url, 'cached'),
    fail: (url, code) => fakes.set(url, { ...fakes.get(url), state: 'error', ...(code !== undefined && { code }) }),
    start() {
      const { fetch: original } = globalThis;
      // Answers requests below `base`, and passes on all others.
      const fake: typeof fetch = async (input, init) => {
        if (typeof input !== 'string' || !input.startsWith(base)) return original(input, init);
        const path = input.slice(base.length);
        requests.push(`${init?.method ?? 'GET'} ${path.split('?')[0]}`);
        return answerAs(fakes, path, init);
      };
      globalThis.fetch = fake;
      const stopElements = driveElements(fakes, base);
      return () => {
        stopElements();
        // Another fake may have replaced this one, and will restore it.
        if (globalThis.fetch === fake) globalThis.fetch = original;
      };
    },
  };
}
