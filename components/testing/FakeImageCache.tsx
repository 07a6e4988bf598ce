'use client';

import { type ReactElement, type ReactNode, useState } from 'react';
import { ImageCacheContext } from '../imageCacheContext.ts';
import { useIsomorphicLayoutEffect } from '../useIsomorphicLayoutEffect.ts';
import {
  createFakeImageCache,
  type FakeImageCacheControls,
  type FakeImageCacheOptions,
} from './createFakeImageCache.ts';

export interface FakeImageCacheProps extends FakeImageCacheOptions {
  /** A cache that the test controls by `createFakeImageCache()`. `images` and `others` are then ignored. */
  cache?: FakeImageCacheControls;
  children?: ReactNode;
}

/**
 * Use it in place of `ImageCacheProvider` in component tests (jsdom, happy-dom) and in stories. It shows images in the given states, without
 * a server. The states are read at the first render only; change them later by the controls of `createFakeImageCache()`.
 * @example
 * <FakeImageCache images={{ 's3://team-photos/a.jpg': 'cached' }} others="missing">
 *   <Gallery />
 * </FakeImageCache>
 */
export function FakeImageCache({ cache, images, others, children }: FakeImageCacheProps): ReactElement {
  const [own] = useState(() => cache ?? createFakeImageCache({ ...(images && { images }), ...(others && { others }) }));
  const { client, start } = cache ?? own;
  // Runs before the effects of the children, which may send requests.
  useIsomorphicLayoutEffect(() => start(), [start]);
  return <ImageCacheContext.Provider value={client}>{children}</ImageCacheContext.Provider>;
}
