import { imageKey } from '../client/imageKey.ts';
import { createSubscribable } from '../client/subscribable.ts';
import type { CacheEvent, ErrorCode, ManifestEntry } from '../../plugin/protocol.ts';

/**
 * `cached`: shown at once; `loading`: being fetched until `resolve` or `fail` is called; `error`: failed; `missing`: S3 has no such
 * object.
 */
export type FakeImageState = 'cached' | 'loading' | 'error' | 'missing';

/** A state, and those fields of the image's entry that the test needs. */
export interface FakeImage extends Partial<ManifestEntry> {
  state: FakeImageState;
  /** Why the image has failed. @default 'UPSTREAM_FORBIDDEN', or 'UPSTREAM_NOT_FOUND' if it is `missing` */
  code?: ErrorCode;
}

export interface FakeImages {
  get(url: string): FakeImage;
  /** The image behind the `src` of an element, in any spelling. */
  find(src: string): FakeImage | undefined;
  set(url: string, image: FakeImageState | FakeImage): void;
  entryOf(url: string): ManifestEntry;
  /** The canonical URLs of the cached images. */
  cached(): string[];
  /** Resolves when the image is no longer loading. */
  settled(url: string): Promise<FakeImage>;
  subscribe(listener: (event: CacheEvent | undefined) => void): () => void;
}

/** The time of all entries is fixed at the first of January 2026, so that snapshots stay the same. */
const NOW = Date.UTC(2026, 0, 1);

/** @param others the state of images that are not among `images` */
export function createFakeImages(
  images: Readonly<Record<string, FakeImageState | FakeImage>>,
  others: FakeImageState,
): FakeImages {
  const byKey = new Map<string, FakeImage>();
  const changes = createSubscribable<CacheEvent | undefined>();
  const get = (url: string): FakeImage => byKey.get(imageKey(url)) ?? { state: others };

  function entryOf(url: string): ManifestEntry {
    const { state: _state, code: _code, ...given } = get(url);
    const key = imageKey(url);
    return {
      s3_url: key,
      local_path: `.image-cache/images/${encodeURIComponent(key)}`,
      cached_at: NOW,
      size_bytes: 1_000,
      actor_id: 'default',
      filename: key.split('/').at(-1) ?? key,
      etag: '"fake"',
      sha256: '0'.repeat(64),
      content_type: 'image/svg+xml',
      width: 640,
      height: 480,
      last_used_at: NOW,
      ...given,
    };
  }

  function set(url: string, image: FakeImageState | FakeImage): void {
    const before = get(url);
    const after = typeof image === 'string' ? { ...before, state: image } : image;
    byKey.set(imageKey(url), after);
    if (after.state === 'cached') changes.emit({ type: 'stored', entry: entryOf(url) });
    else if (before.state === 'cached') changes.emit({ type: 'invalidated', s3_urls: [imageKey(url)] });
    else changes.emit(undefined);
  }

  for (const [url, image] of Object.entries(images)) set(url, image);

  return {
    get,
    set,
    entryOf,
    cached: () => [...byKey].flatMap(([key, { state }]) => (state === 'cached' ? [key] : [])),
    find(src) {
      const query = new URLSearchParams(src.split('?').slice(1).join('?'));
      const path = query.get('path')?.split('/').at(-1);
      const url = query.get('url') ?? (path === undefined ? src : decodeURIComponent(path));
      const key = imageKey(url);
      // Remembered, so that the image is recognised when its original URL is shown later.
      if (query.has('url') && !byKey.has(key)) byKey.set(key, { state: others });
      return byKey.get(key);
    },
    async settled(url) {
      while (get(url).state === 'loading') {
        await new Promise<void>((resolve) => {
          const stop = changes.subscribe(() => resolve(stop()));
        });
      }
      return get(url);
    },
    subscribe: changes.subscribe,
  };
}
