'use client';

import {
  type RefCallback,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import type { ManifestEntry } from '../plugin/protocol.ts';
import { imageKey, pageOrigin } from './client/imageKey.ts';
import {
  chooseSource,
  type ImageRequest,
  type ImageSource,
  nextSource,
  requestedImages,
} from './client/imageSource.ts';
import { type KnownImage, UNKNOWN } from './client/registry.ts';
import { type CacheStatus, readCacheStatus, readOriginStatus, watchTimings } from './client/resourceTiming.ts';
import { useCacheClient } from './imageCacheContext.ts';
import { observeImage } from './observeImage.ts';

export interface CachedImageOptions {
  /** Whose image it is, should it have to be downloaded. */
  actor_id?: string | undefined;
  /** Candidates are served from the cache one by one. */
  srcSet?: string | undefined;
  /** Called when an image has loaded, if it can be told where it came from. */
  onCacheStatus?: ((status: CacheStatus) => void) | undefined;
}

/** The state of one image. `ref` and `onError` belong on the `<img>` that shows `src`. */
export interface CachedImageState {
  src: string | undefined;
  srcSet: string | undefined;
  /**
   * `cached`: served by the cache; `loading`: being read through it; `original`: the URL as given, because there is
   * no server, the cache cannot hold it, or the cache failed; `error`: no source brought an image.
   */
  status: 'cached' | 'loading' | 'original' | 'error';
  /** What the cache knows of the image; `null`: not cached; `undefined`: not known yet. */
  entry: ManifestEntry | null | undefined;
  /** Starts over from the best source. */
  retry(): void;
  ref: RefCallback<HTMLImageElement>;
  /** Moves on to the next source. @returns whether there was one; only when not is the image an error */
  onError(): boolean;
}

interface Chosen extends ImageSource {
  /** What it was chosen for: objects and revisions, without signatures. */
  readonly identity: string;
  readonly since: number;
}

const unknown = (): KnownImage => UNKNOWN;
const noRevision = (): number => 0;
const noOrigin = (): undefined => undefined;
const neverChanges = (): (() => void) => () => {};

/**
 * Finds the best source of an image and moves on when it fails. Whatever is learnt later, a source that loads is
 * never swapped: only another object, or the cached copy being thrown away, changes it.
 */
export function useCachedImage(url: string | undefined, options: CachedImageOptions = {}): CachedImageState {
  const { actor_id: actorId, srcSet, onCacheStatus } = options;
  const client = useCacheClient();
  const { registry } = client;
  const getMount = (): string | undefined => client.mount;
  const mount = useSyncExternalStore(client.onMountChange, getMount, getMount);
  // The server does not know the page's origin, so the first client render must not either.
  const origin = useSyncExternalStore(neverChanges, pageOrigin, noOrigin);

  const request = useMemo<ImageRequest>(
    () => ({ url, srcSet, actorId, mount, pageOrigin: origin }),
    [url, srcSet, actorId, mount, origin],
  );
  const images = useMemo(() => requestedImages(request), [request]);
  const keys = [...images.keys()];
  const objects = keys.join('\n');
  const subscribe = useCallback(
    (listener: () => void) => registry.subscribe(objects === '' ? [] : objects.split('\n'), listener),
    [registry, objects],
  );
  const mainKey = imageKey(url ?? '');
  const { entry } = useSyncExternalStore(subscribe, () => registry.get(mainKey), unknown);
  const revision = useSyncExternalStore(
    subscribe,
    () => keys.reduce((sum, key) => sum + registry.get(key).revision, 0),
    noRevision,
  );

  const plain = images.size === 0 ? `${url} ${srcSet}` : '';
  const identity = `${mount} ${objects} ${revision} ${plain}`;
  const choose = (): Chosen => {
    const hydrating = origin === undefined;
    const source = chooseSource(request, hydrating ? unknown : registry.get);
    // An image of the server's HTML was asked for before any script ran.
    return { ...source, identity, since: hydrating ? 0 : performance.now() };
  };
  const [state, setChosen] = useState(choose);
  let chosen = state;
  if (state.identity !== identity || (state.step === 'spent' && state.url !== url)) {
    chosen = choose();
    setChosen(chosen);
  }

  useEffect(() => {
    for (const [key, each] of images) {
      // Without an answer the image reads through, which is what it does anyway.
      if (registry.get(key).entry === undefined) client.lookup(each).catch(() => {});
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- not `images`: a new signature of the same object asks nothing
  }, [client, registry, identity]);

  const [loaded, setLoaded] = useState<Chosen>();
  const report = useRef<Chosen>(undefined);

  const handleLoad = (img: HTMLImageElement): void => {
    if (report.current === chosen) return;
    report.current = chosen;
    setLoaded(chosen);
    if (chosen.step === 'read-through') for (const each of images.values()) client.confirm(each);
    if (!onCacheStatus) return;
    const read = chosen.step === 'original' ? readOriginStatus : readCacheStatus;
    void read(img.currentSrc, chosen.since).then((status) => status && onCacheStatus(status));
  };
  const latest = useRef(handleLoad);
  useLayoutEffect(() => {
    latest.current = handleLoad;
    if (onCacheStatus) watchTimings();
  });
  const ref = useCallback((img: HTMLImageElement) => observeImage(img, () => latest.current(img)), []);

  return {
    src: chosen.src,
    srcSet: chosen.srcSet,
    status: statusOf(chosen, loaded === chosen),
    entry: images.size === 0 ? undefined : entry,
    retry: () => setChosen(choose()),
    ref,
    onError() {
      const next = nextSource(chosen, request, registry);
      setChosen({ ...next, identity, since: performance.now() });
      return next.step !== 'spent';
    },
  };
}

function statusOf({ step }: Chosen, isLoaded: boolean): CachedImageState['status'] {
  if (step === 'spent') return 'error';
  if (step === 'read-through') return isLoaded ? 'cached' : 'loading';
  return step;
}
