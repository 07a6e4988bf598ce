'use client';

import { useCallback, useContext, useRef, useState } from 'react';
import type { ItemError } from '../plugin/protocol.ts';
import type { CachedImageOptions, CachedImageState, ImageOptions, ImageState } from './cachedImageState.ts';
import { crossOriginOf } from './client/crossOrigin.ts';
import {
  beginLoad,
  type ImageOptionsForLoad,
  type ImageSource,
  isSpent,
  type LoadState,
  reduce,
  type SourceName,
} from './client/imageLoad.ts';
import { sourceUrls } from './client/imageSource.ts';
import type { Learnt, PursuedImage } from './client/pursueImage.ts';
import type { FreshUrls } from './client/refreshUrls.ts';
import { silenceErrors } from './client/silentErrors.ts';
import { RefreshUrlContext, useCacheClient } from './imageCacheContext.ts';
import { observeImage } from './observeImage.ts';
import { reportCacheStatus, watchCacheStatus } from './reportCacheStatus.ts';
import { restartImage } from './restartImage.ts';
import { useCommitNow } from './useCommitNow.ts';
import { useExactAttribute } from './useExactAttribute.ts';
import { useIsomorphicLayoutEffect } from './useIsomorphicLayoutEffect.ts';
import { useKnownImages } from './useKnownImages.ts';
import { useLatest } from './useLatest.ts';
import { useServerElement } from './useServerElement.ts';

export type { CachedImageOptions, CachedImageState } from './cachedImageState.ts';

/** The loading of an image, and what it is the loading of. */
interface Loading extends Learnt {
  readonly state: LoadState;
  /** Names the image; another one begins anew. */
  readonly identity: string;
  /** What it is a picture of: as long as that is the same, the old one may stay until the new one has come. */
  readonly subject: string;
  /** The URL that was given when it began: a later one may have a fresher signature. */
  readonly url: string | undefined;
  /** An earlier picture. */
  readonly previous: ImageSource | undefined;
  /** Whether that is one of the same object, which is to stay until the server has another. */
  readonly isRenewal: boolean;
  readonly mainKey: string;
  readonly since: number;
}

/**
 * Finds the best source of an image and moves on when it fails. Whatever is learnt later, a source that loads is
 * never swapped: only another object, other bytes of it, or the cached copy being thrown away changes it.
 * What happens when is in `client/imageLoad.ts`; what is done about it in `client/pursueImage.ts`.
 */
export function useCachedImage(url: string | undefined, options: CachedImageOptions = {}): CachedImageState {
  return useImage(url, { loading: 'eager', ...options });
}

/** For `<CachedImage>`: {@link useCachedImage} that takes the props of an `<img>`. */
export function useImage(url: string | undefined, options: ImageOptions): ImageState {
  const { actor_id: actorId, srcSet, widths, fallback, retries = 2, onCacheStatus } = options;
  const inherited = useContext(RefreshUrlContext);
  const { refreshUrl = inherited } = options;
  const client = useCacheClient();
  const known = useKnownImages(client, url, srcSet, widths?.join(), actorId);
  const { request, images, mainKey, entry, find, isHydrating } = known;
  const isLazy = options.loading === 'lazy';
  const isEager = options.loading === 'eager' || (options.fetchPriority === 'high' && !isLazy);
  const subject = `${options.recyclingKey} ${options.keepPrevious ? '' : mainKey}`;
  const identity = `${known.identity} ${subject}`;

  const toOptions = (fresh: FreshUrls | undefined): ImageOptionsForLoad => ({
    canRecover: images.size > 0,
    urlsOf(name) {
      if (name !== 'fallback') return sourceUrls(request, images, find, fresh, name);
      return typeof fallback === 'string' ? { src: fallback, srcSet: undefined } : undefined;
    },
  });

  /** @param last what may have an earlier picture, and fresh URLs */
  function begin(last?: Loading): Loading {
    const fresh = last?.url === url ? last?.fresh : undefined;
    const image = toOptions(fresh);
    const state = beginLoad(image);
    const previous = last?.subject === subject ? pictureOf(last) : undefined;
    const isUnknown = state.status === 'unknown';
    const isRenewal = previous !== undefined && last?.mainKey === mainKey;
    const mayAsk = isUnknown && !isRenewal && (isHydrating || !refreshUrl);
    const isDirect = mayAsk && client.direct.claim(identity);
    // On the server only the first images have URLs. The browser's first render of that HTML takes all to have theirs, and then looks.
    const isInHtml = isUnknown && isHydrating && (isEager || typeof document !== 'undefined');
    return {
      state: isDirect || isInHtml ? reduce(state, { type: 'ask' }, image) : state,
      identity,
      subject,
      url,
      previous,
      isRenewal,
      mainKey,
      isDirect,
      // An image of the server's HTML was asked for before any script ran.
      since: isHydrating ? 0 : performance.now(),
      ...(fresh && { fresh }),
    };
  }

  const [stored, store] = useState(() => begin());
  let loading = stored;
  if (stored.identity !== identity || (isSpent(stored.state) && stored.url !== url)) loading = begin(stored);
  // Of several candidates one is enough: the browser chooses.
  else if ([...images.values()].some((key) => find(key).entry)) {
    loading = { ...stored, state: reduce(stored.state, { type: 'cached' }, toOptions(stored.fresh)) };
  }
  loading = withShown(loading);
  if (loading.state !== stored.state) store(loading);
  else loading = stored;
  const { state, previous } = loading;
  const latest = useLatest({ loading, toOptions, handleLoad, handleError, explainProblem, isHydrating });
  const element = useRef<HTMLImageElement>(null);
  const commitNow = useCommitNow();

  const send: PursuedImage['send'] = useCallback(
    (event, more) => {
      const { loading: before, toOptions: toLatestOptions } = latest.current;
      const after = reduce(before.state, event, toLatestOptions(more?.fresh ?? before.fresh));
      if (after === before.state) return;
      const next = withShown({ ...before, ...more, state: after });
      latest.current.loading = next;
      store(next);
      if (event.type === 'refused') latest.current.explainProblem(more?.problem);
      // The usual way, so that the app hears of it by an ordinary event.
      if (event.type === 'giveUp' && after.status === 'failed') element.current?.dispatchEvent(new Event('error'));
    },
    [latest],
  );

  const stop = useRef<() => void>(undefined);
  const ref = useCallback(
    (img: HTMLImageElement | null) => {
      // Not by a clean-up of the ref, which React 18 and Preact do not have.
      stop.current?.();
      stop.current = undefined;
      element.current = img;
      if (!img) return;
      if (import.meta.env?.DEV && import.meta.hot && client.mount === undefined) {
        void import('./client/explainSetup.ts').then(({ explainMissingCache }) => explainMissingCache(client, url));
      }
      const stops = [
        silenceErrors(img, () => latest.current.handleError()),
        observeImage(img, () => latest.current.handleLoad(img, performance.now()), latest.current.isHydrating),
      ];
      stop.current = () => stops.forEach((each) => each());
    },
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- not `client` and `url`: they are for a warning only
    [latest],
  );

  const shown = state.source ?? previous;
  const isBare = useServerElement(element, {
    hasUrl: Boolean(shown?.src ?? shown?.srcSet),
    onBare: () => send({ type: 'drop' }, { isDirect: false }),
    onAsked: () => send({ type: 'ask' }),
  });
  useExactAttribute(element, 'src', isBare ? undefined : shown?.src);

  const shownSubject = useRef(subject);
  useIsomorphicLayoutEffect(() => {
    if (shownSubject.current !== subject && element.current) restartImage(element.current);
    shownSubject.current = subject;
  }, [subject]);

  const isReported = onCacheStatus !== undefined && request.mount !== undefined;
  // Before the image is asked for, if it is not in the first commit.
  useIsomorphicLayoutEffect(() => (isReported ? watchCacheStatus() : undefined), [isReported]);

  // To an image that has been asked for it makes no difference.
  const isMissing = state.status === 'unknown' && entry === null;
  const { fresh, problem: toldProblem, isRenewal, isDirect = false } = loading;
  useIsomorphicLayoutEffect(
    () =>
      pursue(state, {
        client,
        img: element.current,
        images,
        fresh,
        actorId,
        isLazy,
        isEager,
        isRenewal,
        isMissing,
        place: identity,
        isDirect,
        refreshUrl,
        retries,
        problem: toldProblem,
        send,
      }),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- a new signature, function or number changes nothing about what has begun
    [state, client, isLazy, isEager, isMissing, send],
  );

  function handleLoad(img: HTMLImageElement, until: number): void {
    const { state: before, since, isDownloaded = false } = latest.current.loading;
    // The picture of something else may load once more while this one is fetched.
    if (before.status !== 'loading') return;
    send({ type: 'load' });
    if (before.source?.name === 'read-through') confirm(before.source);
    const isOriginal = before.source?.name === 'original';
    if (!onCacheStatus || !request.mount || before.source?.name === 'fallback') return;
    void reportCacheStatus(img.currentSrc, { since, until, isOriginal, isDownloaded }, onCacheStatus);
  }

  /** The cache has it now: what this page knows of it is asked for in a moment, and it is loaded by this URL if it is shown again. */
  function confirm({ src, srcSet: candidates }: ImageSource): void {
    if (src !== undefined && candidates === undefined) client.known.setLoaded(mainKey, src);
    client.fetching().then(
      (fetching) => [...images.keys()].forEach(fetching.confirm),
      () => {}, // it is on the screen already
    );
  }

  /** @returns whether another source follows, or may */
  function handleError(): boolean {
    const { source } = latest.current.loading.state;
    if (source?.name === 'cached') for (const key of images.values()) client.known.distrust(key);
    explainError(source?.name);
    send({ type: 'error' });
    // Else the `alt` would be drawn meanwhile, as that of an image that has failed for good.
    commitNow();
    return latest.current.loading.state.status !== 'failed';
  }

  /** For developers only: builds leave it out. */
  function explainError(failed: SourceName | undefined): void {
    if (!import.meta.env?.DEV) return;
    if (failed === 'read-through') explainProblem();
    if (failed !== 'original' || images.size > 0) return;
    void import('./client/explainSetup.ts').then(({ explainFailedUrl }) =>
      explainFailedUrl(element.current, url ?? ''),
    );
  }

  /** @param known what the server has said already */
  function explainProblem(known?: ItemError): void {
    const { mount } = request;
    const img = element.current;
    if (!import.meta.env?.DEV || mount === undefined) return;
    void import('./client/explain.ts').then(({ explain }) => explain({ img, mount, url: url ?? '', actorId, known }));
  }

  function retry(): void {
    if (element.current) restartImage(element.current);
    store(begin());
  }

  const isFetching = state.status === 'unknown' || state.status === 'wanted' || state.status === 'recovering';
  return {
    src: isBare ? undefined : shown?.src,
    srcSet: isBare ? undefined : shown?.srcSet,
    status: statusOf(state),
    isLoaded: state.status === 'loaded',
    entry,
    retry,
    ref,
    onError: handleError,
    crossOrigin: isOfServer(shown?.name) ? crossOriginOf(request.mount) : undefined,
    // What has failed last is broken; an earlier picture is not.
    isPending: isBare || (isFetching && shown === state.source),
    isHydrating,
  };
}

/** What the element shows already it need not load, and a browser would tell of no load. */
function withShown(loading: Loading): Loading {
  const { state, previous } = loading;
  const { status, source } = state;
  const isShown = status === 'loading' && source?.src === previous?.src && source?.srcSet === previous?.srcSet;
  return isShown && previous ? { ...loading, state: { ...state, status: 'loaded' } } : loading;
}

/** Does what the state of an image asks for, until that changes. @returns a function that stops */
function pursue(state: LoadState, image: Omit<PursuedImage, 'fetching'>): (() => void) | undefined {
  const { status, source } = state;
  const over = new AbortController();
  const { signal } = over;
  if (isSpent(state)) {
    const isWaiting = !navigator.onLine && image.images.size > 0;
    if (isWaiting)
      addEventListener('online', () => image.send({ type: 'retry' }, { problem: undefined }), { once: true, signal });
  } else if (status !== 'loaded' && (status !== 'loading' || source?.name === 'read-through')) {
    image.client.fetching().then(
      (fetching) => fetching.pursue(state, image, signal),
      // Offline, or a deployment has replaced the file: the element does what it can by itself.
      () => signal.aborted || image.send({ type: status === 'recovering' ? 'giveUp' : 'ask' }),
    );
  } else return undefined;
  return () => over.abort();
}

/** What an element that begins anew shows until it has something else. */
function pictureOf({ state, previous }: Loading): ImageSource | undefined {
  return state.status === 'loaded' && !isSpent(state) ? state.source : previous;
}

function isOfServer(name: SourceName | undefined): boolean {
  return name === 'variants' || name === 'cached' || name === 'read-through';
}

function statusOf(state: LoadState): CachedImageState['status'] {
  if (isSpent(state)) return 'error';
  const { status, source } = state;
  if (source?.name === 'original' && status !== 'recovering') return 'original';
  const isCached = source?.name === 'cached' || source?.name === 'variants' || status === 'loaded';
  return isCached ? 'cached' : 'loading';
}
