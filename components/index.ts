export * from './client/index.ts';
export { CachedImage, type CachedImageProps } from './CachedImage.tsx';
export { ImageCacheProvider, type ImageCacheProviderProps } from './ImageCacheProvider.tsx';
export { useCachedImage, type CachedImageOptions, type CachedImageState } from './useCachedImage.ts';
export { useCacheStats, type CacheStatsOptions, type CacheStatsState } from './useCacheStats.ts';
export { useImageCache } from './useImageCache.ts';
export { useImageCacheEvents } from './useImageCacheEvents.ts';
export { usePrefetch, type PrefetchState } from './usePrefetch.ts';
