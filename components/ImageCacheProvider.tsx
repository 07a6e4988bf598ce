'use client';

import { type ReactElement, type ReactNode, useMemo } from 'react';
import type { ImageCacheConfig } from './client/config.ts';
import { toMount } from './client/config.ts';
import { createCacheClient } from './client/cacheClient.ts';
import { ImageCacheContext } from './imageCacheContext.ts';

export interface ImageCacheProviderProps extends ImageCacheConfig {
  children?: ReactNode;
}

/**
 * Says where the server is for what is below it. Optional: without one, the plugin (in dev) or
 * `configureImageCache()` says so. Every provider has a client of its own, so a Node server that renders for many
 * shares nothing between requests.
 * @example <ImageCacheProvider base="/api/cache"><App /></ImageCacheProvider>
 */
export function ImageCacheProvider({ base, children }: ImageCacheProviderProps): ReactElement {
  const client = useMemo(() => createCacheClient({ mount: () => toMount(base) }), [base]);
  return <ImageCacheContext value={client}>{children}</ImageCacheContext>;
}
