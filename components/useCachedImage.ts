'use client';

import { useCallback, useContext, useLayoutEffect, useRef, useState } from 'react';
import type { CachedImageOptions, CachedImageState, ImageOptions } from './cachedImageState.ts';
import type { CacheClient } from './client/cacheClient.ts';
import { chooseSource, type ImageSource, nextSource } from './client/imageSource.ts';
import { loadExtras, withExtras } from './client/loadExtras.ts';
import type { FreshUrls } from './client/refreshUrls.ts';
import { slots, startOnScreen } from './client/slots.ts';
import { RefreshUrlContext, useCacheClient } from './imageCacheContext.ts';
import { observeImage } from './observeImage.ts';
import { restartImage } from './restartImage.ts';
import { useKnownImages } from './useKnownImages.ts';
import { useLatest } from './useLatest.ts';

export type { CachedImageOptions, CachedImageState } from './cachedImageState.ts';

interface Chosen extends ImageSource {
  /** What it was chosen for. */
  readonly identity: string;
  /** What it is a picture of: as long as that is the same, the old one may stay until the new one has come. */
  readonly subject: string;
  readonly since: number;
  /** How often all sources had failed before. */
  readonly tries: number;
  readonly fresh: FreshUrls | undefined;
  /** Of one that had to wait its turn. */
  readonly ticket?: object | undefined;
  readonly isWaiting?: boolean;
}

/**
 * Finds the best source of an image and moves on when it fails. Whatever is learnt later, a source that loads is
 * never swapped: only another object, other bytes of it, or the cached copy being thrown away changes it.
 */
export function useCachedImage(url: string | undefined, options: CachedImageOptions = {}): CachedImageState {
  return useImage(url, { loading: 'eager', ...options });
}

/** {@link useCachedImage} of what an `<img>` says. */
export function useImage(url: string | undefined, options: ImageOptions): CachedImageState {
  const { actor_id: actorId, srcSet, widths, fallback, retries = 2, onCacheStatus } = options;
  const inherited = useContext(RefreshUrlContext);
  const { refreshUrl = inherited } = options;
  const client = useCacheClient();
  const known = useKnownImages(client, url, srcSet, widths?.join(), actorId);
  const { request, images, mainKey, entry, find, isHydrating } = known;
  const { mount } = request;
  const mayWait = options.loading !== 'eager' && options.fetchPriority !== 'high' && !isHydrating;

  const subject = `${options.recyclingKey} ${options.keepPrevious ? '' : mainKey}`;
  const identity = `${known.identity} ${subject}`;

  function toChosen(source: ImageSource, tries = 0, fresh?: FreshUrls): Chosen {
    // An image of the server's HTML was asked for before any script ran.
    return { ...source, identity, subject, tries, fresh, since: isHydrating ? 0 : performance.now() };
  }

  /** @param previous whose picture may stay for a while */
  function choose(previous?: Chosen, tries = 0, fresh = previous?.fresh): Chosen {
    const best = toChosen(chooseSource(request, images, find, fresh), tries, fresh);
    if (!mayWait || best.step !== 'read-through') return best;
    const shown = previous?.subject === subject ? previous : undefined;
    return { ...best, src: shown?.src, srcSet: shown?.srcSet, ticket: {}, isWaiting: true };
  }

  const [state, setChosen] = useState(() => choose());
  let chosen = state;
  const isOutdated = state.identity !== identity || (state.step === 'spent' && state.url !== url);
  if (isOutdated || (state.isWaiting && entry)) {
    chosen = choose(state);
    setChosen(chosen);
  }
  const { step, tries, fresh } = chosen;
  const latest = useLatest({ url, chosen, choose, onLoad, onTurn, isHydrating, client });

  const element = useRef<HTMLImageElement>(null);
  const ref = useCallback(
    (img: HTMLImageElement) => {
      element.current = img;
      if (import.meta.env?.DEV && import.meta.hot) explainIfMissing(latest.current);
      const onLoaded = (): void => latest.current.onLoad(img, performance.now());
      const stop = observeImage(img, onLoaded, latest.current.isHydrating);
      return () => {
        element.current = null;
        stop();
      };
    },
    [latest],
  );

  const shownSubject = useRef(subject);
  useLayoutEffect(() => {
    if (shownSubject.current !== subject && element.current) restartImage(element.current);
    shownSubject.current = subject;
  }, [subject]);

  const [loaded, setLoaded] = useState<Chosen>();
  const isLoaded = loaded === chosen;
  const isReported = onCacheStatus !== undefined && mount !== undefined;
  useLayoutEffect(() => {
    // Before the image is asked for, if it has to wait its turn.
    if (isReported) withExtras(({ watchTimings }) => watchTimings());
  }, [isReported]);

  function onLoad(img: HTMLImageElement, until: number): void {
    // The picture of something else may load once more while this one waits.
    if (isLoaded || chosen.isWaiting) return;
    setLoaded(chosen);
    if (step === 'read-through') for (const each of images.keys()) client.confirm(each);
    if (!onCacheStatus || step === 'spent') return;
    const { currentSrc } = img;
    const loading = { since: chosen.since, until, isOriginal: step === 'original' };
    withExtras(async ({ readCacheStatus }) => {
      const status = await readCacheStatus(currentSrc, loading);
      if (status) onCacheStatus(status);
    });
  }

  const ticket = isLoaded ? undefined : chosen.ticket;
  const isLazy = options.loading === 'lazy';
  useLayoutEffect(() => {
    const img = element.current;
    if (!ticket || !img) return;
    const over = new AbortController();
    const { signal: until } = over;
    const grant = (isGranted: boolean): void => latest.current.onTurn(isGranted);
    const turn = { img, isLazy, until, grant };
    startOnScreen(turn);
    loadExtras().then(
      ({ takeTurn }) => takeTurn(turn, slots),
      // Nobody waits for a queue that cannot be loaded.
      () => until.aborted || grant(true),
    );
    return () => over.abort();
  }, [ticket, isLazy, latest]);

  function onTurn(isGranted: boolean): void {
    if (!isGranted) setChosen({ ...chosen, src: undefined, srcSet: undefined, isWaiting: true });
    // Effects run twice under StrictMode: it was granted by the first.
    else if (!chosen.isWaiting) return;
    else if (!refreshUrl) start();
    else {
      void loadExtras()
        .then(({ renewUrls }) => renewUrls({ img: element.current, mount, images, fresh, actorId, refreshUrl }))
        .then(start, () => start());
    }
  }

  function start(urls = fresh): void {
    const source = toChosen(chooseSource(request, images, find, urls), tries, urls);
    setChosen((current) => (current === chosen ? { ...source, ticket: chosen.ticket } : current));
  }

  const givenUp = useRef<Chosen>(undefined);

  async function recover(at: string): Promise<void> {
    const failure = { mount: at, images, fresh, actorId, refreshUrl, tries, retries };
    // Without a server there is nobody to ask, nor a module.
    const remedy = await loadExtras()
      .then(({ recover }) => recover(failure))
      .catch(() => undefined);
    if (latest.current.chosen !== chosen) return;
    // The app may have come by a fresh signature meanwhile.
    if (remedy || latest.current.url !== chosen.url) {
      setChosen(latest.current.choose(chosen, tries + 1, remedy?.fresh));
      return;
    }
    givenUp.current = chosen;
    // The usual way, so that the app hears of it by an ordinary event.
    if (element.current) element.current.dispatchEvent(new Event('error'));
    else setChosen({ ...chosen, step: 'spent' });
  }

  function retry(): void {
    if (element.current) restartImage(element.current);
    setChosen(choose());
  }

  function onError(): boolean {
    if (import.meta.env?.DEV && mount !== undefined && step === 'read-through') {
      void import('./client/explain.ts').then(({ explain }) => explain(element.current, mount, url ?? '', actorId));
    }
    if (import.meta.env?.DEV && step === 'original' && images.size === 0) {
      void import('./client/explainSetup.ts').then(({ explainFailedUrl }) =>
        explainFailedUrl(element.current, url ?? ''),
      );
    }
    const next = nextSource(chosen, request, images, client.registry, fresh);
    const isSpent = next.step === 'spent';
    if (isSpent && mount !== undefined && images.size > 0 && step !== 'spent' && givenUp.current !== chosen) {
      void recover(mount);
      return true;
    }
    const hasFallback = isSpent && typeof fallback === 'string' && chosen.src !== fallback;
    setChosen(toChosen(hasFallback ? { ...next, src: fallback, srcSet: undefined } : next, tries, fresh));
    return !isSpent || hasFallback;
  }

  return {
    src: chosen.src,
    srcSet: chosen.srcSet,
    status: statusOf(chosen, isLoaded),
    isLoaded,
    entry,
    retry,
    ref,
    onError,
  };
}

function explainIfMissing({ client, url }: { client: CacheClient; url: string | undefined }): void {
  if (client.mount !== undefined) return;
  void import('./client/explainSetup.ts').then(({ explainMissingCache }) => explainMissingCache(client, url));
}

function statusOf({ step }: Chosen, isLoaded: boolean): CachedImageState['status'] {
  if (step === 'spent') return 'error';
  if (step === 'read-through') return isLoaded ? 'cached' : 'loading';
  return step;
}
