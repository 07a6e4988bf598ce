import { useCallback, useEffect, useMemo, useSyncExternalStore } from 'react';
import type { ManifestEntry } from '../plugin/protocol.ts';
import type { CacheClient } from './client/cacheClient.ts';
import { imageKey, pageOrigin } from './client/imageKey.ts';
import { type ImageRequest, type RequestedImages, requestedImages } from './client/imageSource.ts';
import { type KnownImage, UNKNOWN } from './client/registry.ts';

export interface KnownImages {
  request: ImageRequest;
  images: RequestedImages;
  /** Of the main image, whether the cache can hold it or not. */
  mainKey: string;
  /** Names the objects and how often their cached copies were thrown away or exchanged, without signatures. */
  identity: string;
  /** What the cache knows of the main image. */
  entry: ManifestEntry | null | undefined;
  find: (key: string) => KnownImage;
  isHydrating: boolean;
}

const unknown = (): KnownImage => UNKNOWN;
const noRevision = (): number => 0;
const noOrigin = (): undefined => undefined;
const neverChanges = (): (() => void) => () => {};

/** What the page knows of the images of an element, followed; what it does not know is looked up. */
export function useKnownImages(
  client: CacheClient,
  url: string | undefined,
  srcSet: string | undefined,
  widths: string | undefined,
  actorId: string | undefined,
): KnownImages {
  const { registry } = client;
  const getMount = (): string | undefined => client.mount;
  const mount = useSyncExternalStore(client.onMountChange, getMount, getMount);
  // The server does not know the page's origin, so the first client render must not either.
  const origin = useSyncExternalStore(neverChanges, pageOrigin, noOrigin);
  const isHydrating = origin === undefined;

  const request = useMemo<ImageRequest>(
    () => ({ url, srcSet, widths, actorId, mount, pageOrigin: origin }),
    [url, srcSet, widths, actorId, mount, origin],
  );
  const images = useMemo(() => requestedImages(request), [request]);
  const keys = [...images.values()];
  const objects = keys.join('\n');
  const subscribe = useCallback(
    (listener: () => void) => registry.subscribe(objects.split('\n'), listener),
    [registry, objects],
  );
  const mainKey = useMemo(() => images.get(url ?? '') ?? imageKey(url ?? ''), [images, url]);
  const { entry } = useSyncExternalStore(subscribe, () => registry.get(mainKey), unknown);
  const revision = useSyncExternalStore(
    subscribe,
    () => keys.reduce((sum, key) => sum + registry.get(key).revision, 0),
    noRevision,
  );
  const plain = images.size === 0 ? `${url} ${srcSet}` : '';
  const identity = `${mount} ${objects} ${revision} ${plain}`;

  useEffect(() => {
    for (const [each, key] of images) {
      // Without an answer the image reads through, which is what it does anyway.
      if (registry.get(key).entry === undefined) client.lookup(each).catch(() => {});
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- not `images`: a new signature of the same object asks nothing
  }, [client, registry, identity]);

  return {
    request,
    images,
    mainKey,
    identity,
    entry: images.size === 0 ? undefined : entry,
    find: isHydrating ? unknown : registry.get,
    isHydrating,
  };
}
