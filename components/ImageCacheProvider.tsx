'use client';

import { type ReactElement, type ReactNode, useEffect, useMemo } from 'react';
import type { ImageCacheConfig } from './client/config.ts';
import { toMount } from './client/config.ts';
import { createCacheClient } from './client/cacheClient.ts';
import { followServer } from './client/followServer.ts';
import type { RefreshUrl } from './client/refreshUrls.ts';
import { ImageCacheContext, RefreshUrlContext } from './imageCacheContext.ts';
import { useLatest } from './useLatest.ts';

export interface ImageCacheProviderProps extends ImageCacheConfig {
  /**
   * Asked for a URL with a fresh signature when one has expired, or is about to; once for all images that wait for it.
   * @example refreshUrl={async (key) => (await fetch(`/sign?url=${encodeURIComponent(key)}`)).text()}
   */
  refreshUrl?: RefreshUrl | undefined;
  children?: ReactNode;
}

/**
 * Says where the server is for what is below it. Optional: without one, the plugin (in dev) or
 * `configureImageCache()` says so. Every provider has a client of its own, so a Node server that renders for many
 * shares nothing between requests.
 * @example <ImageCacheProvider base="/api/cache"><App /></ImageCacheProvider>
 */
export function ImageCacheProvider({ base, refreshUrl, children }: ImageCacheProviderProps): ReactElement {
  const client = useMemo(() => createCacheClient({ mount: () => toMount(base) }), [base]);
  useEffect(() => followServer(client), [client]);
  const latest = useLatest(refreshUrl);
  const hasRefresh = refreshUrl !== undefined;
  // The same function for all renders: a new one is no reason to render every image again.
  const refresh = useMemo(
    () => (hasRefresh ? (key: string) => latest.current?.(key) : undefined),
    [hasRefresh, latest],
  );
  return (
    <ImageCacheContext value={client}>
      <RefreshUrlContext value={refresh}>{children}</RefreshUrlContext>
    </ImageCacheContext>
  );
}
