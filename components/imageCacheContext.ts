import { createContext, useContext } from 'react';
import { type CacheClient, defaultClient } from './client/cacheClient.ts';

export const ImageCacheContext = /* @__PURE__ */ createContext<CacheClient>(defaultClient);

/** The client of the nearest `ImageCacheProvider`; without one, the default client. */
export function useCacheClient(): CacheClient {
  return useContext(ImageCacheContext);
}
