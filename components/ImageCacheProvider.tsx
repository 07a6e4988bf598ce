'use client';

import { type ReactElement, type ReactNode, useCallback, useContext, useEffect, useMemo } from 'react';
import { type ImageCacheConfig, toBaseUrl } from './client/config.ts';
import { setCredentials } from './client/crossOrigin.ts';
import { createCacheClient } from './client/cacheClient.ts';
import { followServer } from './client/followServer.ts';
import type { RefreshUrl } from './client/refreshUrls.ts';
import { ImageCacheContext, RefreshUrlContext, useCacheClient } from './imageCacheContext.ts';
import { useLatest } from './useLatest.ts';

export interface ImageCacheProviderProps extends Partial<ImageCacheConfig> {
  /**
   * Returns a URL with a fresh signature. It is called when a signature has expired or is about to, once for all images that wait for it.
   * @example refreshUrl={async (key) => (await fetch(`/sign?url=${encodeURIComponent(key)}`)).text()}
   */
  refreshUrl?: RefreshUrl | undefined;
  children?: ReactNode;
}

/**
 * Tells the components below it where the server is, and how to renew signatures. It is optional: without a provider, or without its
 * `base`, the next provider above decides, and without any, the plugin (in development) or `configureImageCache()`. Every provider with a
 * `base` has a client (and `imageBase`) of its own, so a Node server that renders for many users shares nothing between requests.
 * @example <ImageCacheProvider base="/api/cache"><App /></ImageCacheProvider>
 * @example <ImageCacheProvider refreshUrl={signAnew}><App /></ImageCacheProvider>
 */
export function ImageCacheProvider({
  base,
  imageBase,
  credentials,
  refreshUrl,
  children,
}: ImageCacheProviderProps): ReactElement {
  const outer = useCacheClient();
  const client = useMemo(() => {
    if (base === undefined) return outer;
    const baseUrl = toBaseUrl(base);
    setCredentials(baseUrl, credentials);
    const cdn = imageBase && toBaseUrl(imageBase);
    return createCacheClient({ baseUrl: () => baseUrl, imageBase: () => cdn });
  }, [base, imageBase, credentials, outer]);
  useEffect(() => (client === outer ? undefined : followServer(client)), [client, outer]);
  const outerRefresh = useContext(RefreshUrlContext);
  const latest = useLatest(refreshUrl);
  // This function stays the same in all renders, so that a new `refreshUrl` does not render every image again.
  const refresh = useCallback((key: string) => latest.current?.(key), [latest]);
  return (
    // `.Provider`, because React 18 and Preact cannot render the context itself.
    <ImageCacheContext.Provider value={client}>
      <RefreshUrlContext.Provider value={refreshUrl ? refresh : outerRefresh}>{children}</RefreshUrlContext.Provider>
    </ImageCacheContext.Provider>
  );
}
