import { createContext, useContext } from 'react';
import { type CacheClient, defaultClient } from './client/cacheClient.ts';
import type { RefreshUrl } from './client/refreshUrls.ts';

export const ImageCacheContext = /* @__PURE__ */ createContext<CacheClient>(defaultClient);

export const RefreshUrlContext = /* @__PURE__ */ createContext<RefreshUrl | undefined>(undefined);

/** The client of the nearest `ImageCacheProvider`; without one, the default client. */
export function useCacheClient(): CacheClient {
  return useContext(ImageCacheContext);
}
