'use client';

import { forwardRef, useEffect, useMemo } from 'react';
import { CachedImage } from './CachedImage.tsx';
import type { CachedImageProps } from './cachedImageTypes.ts';
import type { CacheClient } from './client/cacheClient.ts';
import { decodeImage } from './client/fetchImage.ts';
import { imageKey } from './client/imageKey.ts';
import { perClient } from './client/perClient.ts';
import { useCacheClient } from './imageCacheContext.ts';
import { useIsHydrating } from './useIsHydrating.ts';

const settled = new WeakSet<Promise<unknown>>();
/** The promises that components wait for, by object. They are kept here because a suspended component has no state. */
const awaitedOf = /* @__PURE__ */ perClient(() => new Map<string, Promise<void>>());

/**
 * A `CachedImage` that suspends until its image is decoded or has failed. A `<Suspense>` around many of them shows them all at once.
 * A server renders the URL without waiting.
 * @example <Suspense fallback={<Spinner />}><SuspendingImage s3_url={url} alt="Portrait" /></Suspense>
 */
export const SuspendingImage = forwardRef<HTMLImageElement, CachedImageProps>(function SuspendingImage(props, ref) {
  const { s3_url, src, actor_id } = props;
  const url = s3_url ?? src;
  const client = useCacheClient();
  const key = imageKey(url ?? '');
  // A server cannot decode images, and the images in its HTML are loading already.
  const isHydrating = useIsHydrating();
  const decoded = useMemo(
    () => (isHydrating || !url ? undefined : awaitImage(client, url, actor_id)),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- neither a new signature of the same object (`url`) nor the end of hydration is a reason to wait again
    [client, key],
  );
  // From here on this component has state, and remembers the promise itself.
  useEffect(() => void awaitedOf(client).delete(key), [client, key]);
  // Components suspend by throwing a promise. `use()` does the same, but React 18 and Preact do not have it.
  // oxlint-disable-next-line typescript/only-throw-error -- see above
  if (decoded && !settled.has(decoded)) throw decoded;
  // The image is in the browser's memory, so nothing is fetched when it is rendered eagerly.
  return <CachedImage loading="eager" {...props} ref={ref} />;
});

function awaitImage(client: CacheClient, url: string, actorId: string | undefined): Promise<void> {
  const awaited = awaitedOf(client);
  const key = imageKey(url);
  const existing = awaited.get(key);
  if (existing) return existing;
  const promise = decodeImage(client, url, actorId).finally(() => settled.add(promise));
  awaited.set(key, promise);
  return promise;
}
