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
  /** A cache that the test holds the controls of; `images` and `others` then count for nothing. */
  cache?: FakeImageCacheControls;
  children?: ReactNode;
}

/**
 * In place of `ImageCacheProvider`, in component tests (jsdom, happy-dom) and in stories: images in the states that are
 * asked for, without a server. The states are those of the first render; later ones are set by the controls of
 * `createFakeImageCache()`.
 * @example
 * <FakeImageCache images={{ 's3://team-photos/a.jpg': 'cached' }} others="missing">
 *   <Gallery />
 * </FakeImageCache>
 */
export function FakeImageCache({ cache, images, others, children }: FakeImageCacheProps): ReactElement {
  const [own] = useState(() => cache ?? createFakeImageCache({ ...(images && { images }), ...(others && { others }) }));
  const { client, start } = cache ?? own;
  // Before the effects of any child, which may ask already.
  useIsomorphicLayoutEffect(() => start(), [start]);
  return <ImageCacheContext.Provider value={client}>{children}</ImageCacheContext.Provider>;
}
