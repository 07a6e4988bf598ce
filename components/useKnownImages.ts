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
  /** The key of the main image, even if the cache cannot hold that image. */
  mainKey: string;
  /** The objects, without signatures, and how often their cached copies were removed or replaced. */
  identity: string;
  /** The entry of the main image. */
  entry: ManifestEntry | null | undefined;
  find: (key: string) => KnownImage;
  isHydrating: boolean;
}

const unknown = (): KnownImage => UNKNOWN;
const noRevision = (): number => 0;

/** Returns what the page knows about the images of an element, renders again when that changes, and looks up the unknown ones. */
export function useKnownImages(
  client: CacheClient,
  url: string | undefined,
  srcSet: string | undefined,
  widths: string | undefined,
  actorId: string | undefined,
): KnownImagesOfElement {
  const { known, imageBase } = client;
  const getBaseUrl = (): string | undefined => client.baseUrl;
  const baseUrl = useSyncExternalStore(client.onBaseUrlChange, getBaseUrl, getBaseUrl);
  const isHydrating = useIsHydrating();
  // The server does not know the page's origin, so the first render in the browser must not use it either.
  const origin = isHydrating ? undefined : pageOrigin();

  const request = useMemo<ImageRequest>(
    () => ({ url, srcSet, widths, actorId, baseUrl, imageBase, pageOrigin: origin }),
    [url, srcSet, widths, actorId, baseUrl, imageBase, origin],
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

  // A layout effect, so that the look-up is sent before the browser requests the images.
  useIsomorphicLayoutEffect(() => {
    for (const [each, key] of images) {
      // If there is no answer, each image is requested directly.
      if (known.get(key).entry === undefined) client.lookup(each).catch(() => {});
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- not `images`: a new signature of the same object needs no new look-up
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
