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
/** The promises that components wait for, by object: a suspended component has no state in which to keep its own. */
const awaitedOf = /* @__PURE__ */ perClient(() => new Map<string, Promise<void>>());

/**
 * A `CachedImage` that suspends until its image is decoded, or has failed: a `<Suspense>` around a page of them shows them
 * all at once. A server renders the URL, and waits for nothing.
 * @example <Suspense fallback={<Spinner />}><SuspendingImage s3_url={url} alt="Portrait" /></Suspense>
 */
export const SuspendingImage = forwardRef<HTMLImageElement, CachedImageProps>(function SuspendingImage(props, ref) {
  const { s3_url, src, actor_id } = props;
  const url = s3_url ?? src;
  const client = useCacheClient();
  const key = imageKey(url ?? '');
  // Servers have no images to decode, and the images of their HTML are on their way.
  const isHydrating = useIsHydrating();
  const decoded = useMemo(
    () => (isHydrating || !url ? undefined : awaitImage(client, url, actor_id)),
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- not `url`: a new signature of the same object is no reason to wait; nor is the end of hydration
    [client, key],
  );
  // From here on this component remembers it.
  useEffect(() => void awaitedOf(client).delete(key), [client, key]);
  // Suspense is told by a thrown promise, as `use()` does it, which React 18 and Preact do not have.
  // oxlint-disable-next-line typescript/only-throw-error -- see above
  if (decoded && !settled.has(decoded)) throw decoded;
  // The image is in the browser's memory: there is nothing left to fetch.
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
