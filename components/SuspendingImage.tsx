'use client';

import { forwardRef, useEffect, useMemo } from 'react';
import { CachedImage } from './CachedImage.tsx';
import type { CachedImageProps } from './cachedImageTypes.ts';
import type { CacheClient } from './client/cacheClient.ts';
import { decodeImage } from './client/fetchImage.ts';
import { imageKey } from './client/imageKey.ts';
import { useCacheClient } from './imageCacheContext.ts';
import { useIsHydrating } from './useIsHydrating.ts';

const settled = new WeakSet<Promise<unknown>>();
/** The promises that components wait for, by object: a suspended component has no state in which to keep its own. */
const awaited = new WeakMap<CacheClient, Map<string, Promise<void>>>();

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
  useEffect(() => void awaited.get(client)?.delete(key), [client, key]);
  if (decoded) suspendUntil(decoded);
  // The image is in the browser's memory: there is nothing left to fetch.
  return <CachedImage loading="eager" {...props} ref={ref} />;
});

function awaitImage(client: CacheClient, url: string, actorId: string | undefined): Promise<void> {
  const own = awaited.get(client) ?? new Map<string, Promise<void>>();
  awaited.set(client, own);
  const key = imageKey(url);
  const promise = own.get(key) ?? decodeImage(client, url, actorId);
  own.set(key, promise);
  return promise;
}

/** Suspends the component that is being rendered until the promise has settled, in React 18 and Preact, too: they have no `use()`. */
function suspendUntil(promise: Promise<unknown>): void {
  if (settled.has(promise)) return;
  const note = (): void => void settled.add(promise);
  // oxlint-disable-next-line typescript/only-throw-error -- Suspense is told by a thrown promise; `use()` does the same
  throw promise.then(note, note);
}
