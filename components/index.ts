export * from './client/index.ts';
export { CachedImage, type CachedImageProps } from './CachedImage.tsx';
export { ImageCacheProvider, type ImageCacheProviderProps } from './ImageCacheProvider.tsx';
export { useCachedImage, type CachedImageOptions, type CachedImageState } from './useCachedImage.ts';
export { PrefetchProgress, type PrefetchProgressProps, type PrefetchProgressTexts } from './PrefetchProgress.tsx';
export { SuspendingImage } from './SuspendingImage.tsx';
export { useCacheStats, type CacheStatsOptions, type CacheStatsState } from './useCacheStats.ts';
export { useImageCache, useImageCacheEvents } from './useImageCache.ts';
export { usePrefetch, type PrefetchState } from './usePrefetch.ts';
