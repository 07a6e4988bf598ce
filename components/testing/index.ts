export {
  createFakeImageCache,
  type FakeImageCacheControls,
  type FakeImageCacheOptions,
} from './createFakeImageCache.ts';
export { FakeImageCache, type FakeImageCacheProps } from './FakeImageCache.tsx';
export type { FakeImage, FakeImageState } from './fakeImages.ts';
