export * from './createFakeImageCache.ts';
export * from './FakeImageCache.tsx';
export type { FakeImage, FakeImageState } from './fakeImages.ts';
