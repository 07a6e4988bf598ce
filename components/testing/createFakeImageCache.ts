import { createCacheClient, type CacheClient } from '../client/cacheClient.ts';
import { imageKey } from '../client/imageKey.ts';
import type { ErrorCode } from '../../plugin/protocol.ts';
import { driveElements, loadsImages } from './fakeElements.ts';
import { createFakeImages, type FakeImage, type FakeImageState } from './fakeImages.ts';
import { answerAs, PICTURE } from './fakeServer.ts';

export interface FakeImageCacheOptions {
  /** By any URL of the image; signatures do not matter. @default {} */
  images?: Readonly<Record<string, FakeImageState | FakeImage>>;
  /** The state of all other images. @default 'loading' */
  others?: FakeImageState;
}

/** A cache without a server, whose images do what the test says. */
export interface FakeImageCacheControls {
  /** The image is cached now, and elements that show it have loaded it. */
  resolve(url: string): void;
  /** The image cannot be had. @param code why @default 'UPSTREAM_FORBIDDEN' */
  fail(url: string, code?: ErrorCode): void;
  /** Any other change, `cached` to `loading` being an invalidation. */
  set(url: string, image: FakeImageState | FakeImage): void;
  /** The requests of the components, e.g. `POST /lookup`. */
  readonly requests: readonly string[];
  /** @internal */
  readonly client: CacheClient;
  /** @internal Begins to answer; returns a function that stops. */
  start(): () => void;
}

/** So that a browser shows a picture for whatever is asked of it: all that follows is a fragment. */
const PICTURE_BASE = `data:image/svg+xml,${encodeURIComponent(PICTURE)}#`;
/** Elsewhere a name that does not exist: of a `data:` URL happy-dom says by itself that it has loaded. */
const BARE_BASE = 'https://image-cache.invalid/';
let count = 0;

/**
 * A cache for tests and stories: no server, no network, no time that passes.
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
  // At once: those of a server would come when the code that takes them in is loaded.
  fakes.subscribe((event) => event && client.take(event));
  // Known from the first render on, as on a page that was here before.
  for (const url of fakes.cached()) client.known.set(imageKey(url), fakes.entryOf(url));

  return {
    requests,
    client,
    set: fakes.set,
    resolve: (url) => fakes.set(url, 'cached'),
    fail: (url, code) => fakes.set(url, { ...fakes.get(url), state: 'error', ...(code !== undefined && { code }) }),
    start() {
      const { fetch: original } = globalThis;
      // Answers what is fetched below `base`, and nothing else.
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
        // Another fake may have replaced it since, and restores this one itself.
        if (globalThis.fetch === fake) globalThis.fetch = original;
      };
    },
  };
}
