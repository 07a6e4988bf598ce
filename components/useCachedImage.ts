'use client';

import { useCallback, useContext, useRef, useState } from 'react';
import type { ItemError } from '../plugin/protocol.ts';
import type { CachedImageOptions, CachedImageState, ImageOptions, ImageState } from './cachedImageTypes.ts';
import {
  beginLoad,
  type ImageOptionsForLoad,
  type ImageSource,
  hasFailed,
  type LoadState,
  reduce,
  type SourceName,
} from './client/imageLoad.ts';
import { avoidCdn } from './client/imageCdn.ts';
import { sourceUrls } from './client/imageSource.ts';
import type { Learnt, PursuedImage } from './client/pursueImage.ts';
import { RECOVERED } from './client/recovered.ts';
import type { RenewedUrls } from './client/refreshUrls.ts';
import { silenceErrors } from './client/silenceErrors.ts';
import { RefreshUrlContext, useCacheClient } from './imageCacheContext.ts';
import { observeImage } from './observeImage.ts';
import { restartImage } from './restartImage.ts';
import { useCommitNow } from './useCommitNow.ts';
import { useExactAttribute } from './useExactAttribute.ts';
import { useIsomorphicLayoutEffect } from './useIsomorphicLayoutEffect.ts';
import { useKnownImages } from './useKnownImages.ts';
import { useLatest } from './useLatest.ts';
import { useServerElement } from './useServerElement.ts';

export type { CachedImageOptions, CachedImageState } from './cachedImageTypes.ts';

/** How far the loading of an image is, and which image it is. */
interface Loading extends Learnt {
  readonly state: LoadState;
  /** Names the image. When it changes, loading starts again. */
  readonly identity: string;
  /** While this stays the same, the old picture may stay until the new one has loaded. */
  readonly pictureKey: string;
  /** The URL that was given when loading began. A URL that is given later may have a newer signature. */
  readonly url: string | undefined;
  readonly previous: ImageSource | undefined;
  /** Whether the previous picture is of the same object, and stays until the server has a new version. */
  readonly isRenewal: boolean;
  readonly mainKey: string;
  readonly since: number;
}

/**
 * Finds the best source of an image, and moves on to the next one when it fails. A source that has loaded is never exchanged because a
 * better one becomes known. It changes only if the object changes, if its bytes change, or if the cached copy is removed.
 * `client/imageLoad.ts` says which state follows on which event; `client/pursueImage.ts` does what a state requires.
 */
export function useCachedImage(url: string | undefined, options: CachedImageOptions = {}): CachedImageState {
  return useImage(url, { loading: 'eager', ...options });
}

/** For `<CachedImage>`: like {@link useCachedImage}, but it takes the props of an `<img>`. */
export function useImage(url: string | undefined, options: ImageOptions): ImageState {
  const { actor_id: actorId, srcSet, widths, fallback, retries = 2, onCacheStatus } = options;
  const inherited = useContext(RefreshUrlContext);
  const { refreshUrl = inherited } = options;
  const client = useCacheClient();
  const known = useKnownImages(client, url, srcSet, widths?.join(), actorId);
  const { request, images, mainKey, entry, find, isHydrating } = known;
  const isLazy = options.loading === 'lazy';
  const isEager = options.loading === 'eager' || (options.fetchPriority === 'high' && !isLazy);
  const pictureKey = `${options.recyclingKey} ${options.keepPrevious ? '' : mainKey}`;
  const identity = `${known.identity} ${pictureKey}`;

  const toOptions = (renewedUrls: RenewedUrls | undefined): ImageOptionsForLoad => ({
    canRecover: images.size > 0,
    urlsOf(name) {
      if (name !== 'fallback') return sourceUrls(request, images, find, renewedUrls, name);
      return typeof fallback === 'string' ? { src: fallback, srcSet: undefined } : undefined;
    },
  });

  /** @param last may have an earlier picture, and renewed URLs */
  function begin(last?: Loading): Loading {
    const renewedUrls = last?.url === url ? last?.renewedUrls : undefined;
    const image = toOptions(renewedUrls);
    const state = beginLoad(image);
    const previous = last?.pictureKey === pictureKey ? pictureOf(last) : undefined;
    const isUnknown = state.status === 'unknown';
    const isRenewal = previous !== undefined && last?.mainKey === mainKey;
    const mayAsk = isUnknown && !isRenewal && (isHydrating || !refreshUrl);
    const isDirect = mayAsk && client.direct.claim(identity);
    // A server renders URLs for the first images only. The browser's first render assumes that all images have one, and looks afterwards.
    const isInHtml = isUnknown && isHydrating && (isEager || typeof document !== 'undefined');
    const begun = isDirect || isInHtml ? reduce(state, { type: 'ask' }, image) : state;
    // The browser requests images of the server's HTML before any script runs.
    const since = isHydrating ? 0 : performance.now();
    return { state: begun, identity, pictureKey, mainKey, url, previous, isRenewal, isDirect, since, renewedUrls };
  }

  const [stored, store] = useState(() => begin());
  let loading = stored;
  if (stored.identity !== identity || (hasFailed(stored.state) && stored.url !== url)) loading = begin(stored);
  // One cached candidate is enough, because the browser chooses among them.
  else if ([...images.values()].some((key) => find(key).entry)) {
    loading = { ...stored, state: reduce(stored.state, { type: 'cached' }, toOptions(stored.renewedUrls)) };
  }
  loading = withShown(loading);
  if (loading.state !== stored.state) store(loading);
  else loading = stored;
  const { state, previous } = loading;
  const commitNow = useCommitNow();
  const latest = useLatest({ loading, toOptions, handleLoad, handleError, explainFailure, commitNow, isHydrating });
  const element = useRef<HTMLImageElement>(null);

  const send: PursuedImage['send'] = useCallback(
    (event, more) => {
      const { loading: before, toOptions: toLatestOptions } = latest.current;
      const after = reduce(before.state, event, toLatestOptions(more?.renewedUrls ?? before.renewedUrls));
      if (after === before.state) return;
      const next = withShown({ ...before, ...more, state: after });
      latest.current.loading = next;
      store(next);
      // React may render so late that the image has loaded by then. It would be loaded twice, with two `load` events.
      if (event.type === 'drop' && before.state.source) latest.current.commitNow();
      if (event.type === 'refused') latest.current.explainFailure('read-through', more?.problem);
      // The app is told by an ordinary `error` event.
      if (event.type === 'giveUp' && after.status === 'failed') element.current?.dispatchEvent(new Event('error'));
    },
    [latest],
  );

  const observing = useRef<AbortController>(undefined);
  const ref = useCallback(
    (img: HTMLImageElement | null) => {
      // A clean-up function of the ref could do this, but React 18 and Preact do not call one.
      observing.current?.abort();
      element.current = img;
      if (!img) return;
      if (import.meta.env?.DEV && import.meta.hot && client.baseUrl === undefined) {
        void import('./client/explainSetup.ts').then(({ explainMissingCache }) => explainMissingCache(client, url));
      }
      observing.current = new AbortController();
      const { signal: until } = observing.current;
      silenceErrors(img, () => latest.current.handleError(), until);
      const { isHydrating: isOfServer } = latest.current;
      observeImage(img, () => latest.current.handleLoad(img, performance.now()), { isHydrating: isOfServer, until });
    },
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- not `client` and `url`: they are for a warning only
    [latest],
  );

  const picture = state.source ?? previous;
  const isBare = useServerElement(element, {
    hasUrl: Boolean(picture?.src ?? picture?.srcSet),
    onBare: () => send({ type: 'drop' }, { isDirect: false }),
    onAsked: () => send({ type: 'ask' }),
  });
  const shown = isBare ? undefined : picture;
  useExactAttribute(element, 'src', shown?.src);

  const shownKey = useRef(pictureKey);
  useIsomorphicLayoutEffect(() => {
    if (shownKey.current !== pictureKey && element.current) restartImage(element.current);
    shownKey.current = pictureKey;
  }, [pictureKey]);

  const isReported = onCacheStatus !== undefined && request.baseUrl !== undefined;
  // This comes before the image is requested, unless the first commit has done that already.
  useIsomorphicLayoutEffect(() => {
    if (isReported) void import('./client/resourceTiming.ts').then(({ watchTimings }) => watchTimings());
  }, [isReported]);

  // For an image that was requested already, this makes no difference.
  const isMissing = state.status === 'unknown' && entry === null;
  useIsomorphicLayoutEffect(() => {
    const options = { actorId, isLazy, isEager, isMissing, refreshUrl, retries };
    return pursue(state, { ...loading, ...options, client, img: element.current, images, send });
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- a new signature, function or number changes nothing about what has begun
  }, [state, client, isLazy, isEager, isMissing, send]);

  function handleLoad(img: HTMLImageElement, until: number): void {
    const { state: before, since, isDownloaded = false } = latest.current.loading;
    // The previous picture may dispatch another `load` while this one is fetched.
    if (before.status !== 'loading' || !before.source) return;
    const { source } = before;
    const { currentSrc } = img;
    send({ type: 'load' });
    if (source.name === 'read-through') confirm(source);
    if (!onCacheStatus || !request.baseUrl || source.name === 'fallback') return;
    const how = { since, until, isOriginal: source.name === 'original', isDownloaded, isFromCdn: Boolean(source.cdn) };
    void import('./client/resourceTiming.ts')
      .then(({ readCacheStatus }) => readCacheStatus(currentSrc, how))
      .then((status) => status && onCacheStatus(status));
  }

  /** Notes that the cache has the image now. Its entry is looked up in a moment, and this URL is used if the image is shown again. */
  function confirm({ src }: ImageSource): void {
    // The URLs of variants begin with that of the image, so they are the same again, too.
    if (src !== undefined && srcSet === undefined) client.known.setLoaded(mainKey, src);
    client.fetching().then(
      (fetching) => [...images.keys()].forEach(fetching.confirm),
      () => {}, // the image is on the screen already, so nothing is lost
    );
  }

  /** @returns whether another source follows or may follow */
  function handleError(): boolean {
    const { source } = latest.current.loading.state;
    if (source?.cdn) avoidCdn(source.cdn);
    else if (source?.name === 'cached') for (const key of images.values()) client.known.distrust(key);
    explainFailure(source?.name);
    send({ type: 'error' });
    // Rendered at once, because the browser would otherwise draw the `alt`, as if the image had finally failed.
    commitNow();
    return latest.current.loading.state.status !== 'failed';
  }

  /** Only for developers; builds leave it out. @param problem what the server has said about the image */
  function explainFailure(failed: SourceName | undefined, problem?: ItemError): void {
    if (!import.meta.env?.DEV || url === undefined) return;
    const { baseUrl } = request;
    const img = element.current;
    if (failed === 'original' && images.size === 0) {
      void import('./client/explainSetup.ts').then(({ explainFailedUrl }) => explainFailedUrl(img, url));
    } else if (failed === 'read-through' && baseUrl !== undefined) {
      void import('./client/explain.ts').then(({ explain }) => explain(baseUrl, { img, url, actorId, problem }));
    }
  }

  function retry(): void {
    if (element.current) restartImage(element.current);
    store(begin());
  }

  const isFetching = state.status === 'unknown' || state.status === 'wanted' || state.status === 'recovering';
  return {
    src: shown?.src,
    srcSet: shown?.srcSet,
    status: statusOf(state),
    isLoaded: state.status === 'loaded',
    entry,
    retry,
    ref,
    onError: handleError,
    crossOrigin: shown?.crossOrigin,
    // A browser would draw the source that has just failed as a broken image. An earlier picture is not broken.
    isPending: isBare || (isFetching && shown === state.source),
    isHydrating,
    element,
  };
}

/** If the element already shows the source, it counts as loaded, because no browser would dispatch another `load`. */
function withShown(loading: Loading): Loading {
  const { state, previous } = loading;
  const { status, source } = state;
  const isShown = status === 'loading' && source?.src === previous?.src && source?.srcSet === previous?.srcSet;
  return isShown && previous ? { ...loading, state: { ...state, status: 'loaded' } } : loading;
}

/** Does what the state of an image requires. @returns a function that stops it */
function pursue(state: LoadState, image: Omit<PursuedImage, 'fetching'>): () => void {
  // There is no server, or no cache can hold it: nobody is asked about it, and whether S3 answers says nothing of it.
  if (image.images.size === 0) return () => {};
  const { status, source } = state;
  const over = new AbortController();
  const { signal } = over;
  const isAnswerOpen = source?.name === 'read-through' || source?.name === 'original';
  if (hasFailed(state)) {
    const retry = (): void => image.send({ type: 'retry' }, { problem: undefined });
    // The browser is online again, or the server says that S3 answers again.
    for (const event of ['online', RECOVERED]) addEventListener(event, retry, { signal });
  } else if (status !== 'loaded' && (status !== 'loading' || isAnswerOpen)) {
    image.client.fetching().then(
      (fetching) => fetching.pursue(state, image, signal),
      // The page is offline, or a deployment has replaced the file. The element then continues by itself.
      () => signal.aborted || image.send({ type: status === 'recovering' ? 'giveUp' : 'ask' }),
    );
  }
  return () => over.abort();
}

/** The picture that an element keeps when loading starts again. */
function pictureOf({ state, previous }: Loading): ImageSource | undefined {
  return state.status === 'loaded' && !hasFailed(state) ? state.source : previous;
}

function statusOf(state: LoadState): CachedImageState['status'] {
  if (hasFailed(state)) return 'error';
  const { status, source } = state;
  if (source?.name === 'original' && status !== 'recovering') return 'original';
  const isCached = source?.name === 'cached' || source?.name === 'variants' || status === 'loaded';
  return isCached ? 'cached' : 'loading';
}
