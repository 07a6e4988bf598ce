import { useCallback, useMemo, useSyncExternalStore } from 'react';
import type { ManifestEntry } from '../plugin/protocol.ts';
import type { CacheClient } from './client/cacheClient.ts';
import { imageKey, pageOrigin } from './client/imageKey.ts';
import { type ImageRequest, type RequestedImages, requestedImages } from './client/imageSource.ts';
import { type KnownImage, UNKNOWN } from './client/knownImages.ts';
import { useIsHydrating } from './useIsHydrating.ts';
import { useIsomorphicLayoutEffect } from './useIsomorphicLayoutEffect.ts';

export interface KnownImagesOfElement {
  request: ImageRequest;
  images: RequestedImages;
  /** Of the main image, whether the cache can hold it or not. */
  mainKey: string;
  /** Names the objects and how often their cached copies were thrown away or exchanged, without signatures. */
  identity: string;
  /** The entry of the main image. */
  entry: ManifestEntry | null | undefined;
  find: (key: string) => KnownImage;
  isHydrating: boolean;
}

const unknown = (): KnownImage => UNKNOWN;
const noRevision = (): number => 0;

/** Follows what the page knows about the images of an element, and looks up the rest. */
export function useKnownImages(
  client: CacheClient,
  url: string | undefined,
  srcSet: string | undefined,
  widths: string | undefined,
  actorId: string | undefined,
): KnownImagesOfElement {
  const { known } = client;
  const getBaseUrl = (): string | undefined => client.baseUrl;
  const baseUrl = useSyncExternalStore(client.onBaseUrlChange, getBaseUrl, getBaseUrl);
  const isHydrating = useIsHydrating();
  // The server does not know the page's origin, so the first client render must not either.
  const origin = isHydrating ? undefined : pageOrigin();

  const request = useMemo<ImageRequest>(
    () => ({ url, srcSet, widths, actorId, baseUrl, pageOrigin: origin }),
    [url, srcSet, widths, actorId, baseUrl, origin],
  );
  const images = useMemo(() => requestedImages(request), [request]);
  const keys = [...images.values()];
  const objects = keys.join('\n');
  const subscribe = useCallback(
    (listener: () => void) => known.subscribe(objects.split('\n'), listener),
    [known, objects],
  );
  const mainKey = keys[0] ?? imageKey(url ?? '');
  const { entry } = useSyncExternalStore(subscribe, () => known.get(mainKey), unknown);
  const revision = useSyncExternalStore(
    subscribe,
    () => keys.reduce((sum, key) => sum + known.get(key).revision, 0),
    noRevision,
  );
  const plain = images.size === 0 ? `${url} ${srcSet}` : '';
  const identity = `${baseUrl} ${objects} ${revision} ${plain}`;

  // Before the page is painted, so that the look-up is under way before the images are.
  useIsomorphicLayoutEffect(() => {
    for (const [each, key] of images) {
      // Without an answer each is asked for directly.
      if (known.get(key).entry === undefined) client.lookup(each).catch(() => {});
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- not `images`: a new signature of the same object asks nothing
  }, [client, known, identity]);

  return {
    request,
    images,
    mainKey,
    identity,
    entry: images.size === 0 ? undefined : entry,
    find: isHydrating ? unknown : known.get,
    isHydrating,
  };
}
