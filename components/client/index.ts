export type {
  CacheEvent,
  CacheStats,
  CacheTier,
  ClearAnswer,
  ErrorCode,
  InvalidateAnswer,
  ManifestEntry,
  Priority,
} from '../../plugin/protocol.ts';
export { ImageCacheRequestError, type RequestErrorCode } from './api.ts';
export type { ImageCacheConfig } from './config.ts';
export { configureImageCache } from './configureImageCache.ts';
export { imageCache, type ImageCache } from './imageCache.ts';
export { getImageProps, type ImageProps, type ImagePropsInput } from './imageProps.ts';
export * from './imageProxy.ts';
export { prefetchManager } from './prefetchManager.ts';
export type * from './prefetchTypes.ts';
export type { RefreshUrl } from './refreshUrls.ts';
export type { CacheStatus } from './resourceTiming.ts';
