/** What the rest of the project may import from the cache. Vite's start must not wait for all of it, and uses `atStart.ts`. */
export { ImageCache } from './imageCache.ts';
export { DEFAULT_ACTOR_ID, type ReadOptions } from './imagePipeline.ts';
export type { PrefetchOptions } from './fetch/prefetcher.ts';
export type { ArrivingImage } from './fetch/arrivingImage.ts';
export { cacheLocation } from './files/cacheLocation.ts';
export type { Proof, Recognizer } from './injected/inspector.ts';
export type { CacheLogger } from './injected/cacheLogger.ts';
export type { ObjectLocation, Sink, Source, SourceMetadata, ImageRef } from './injected/source.ts';
export { metaProblem } from './manifest/imageMeta.ts';
export type { CacheWatcher } from './reporting/eventHub.ts';
export { reportFailure } from './reporting/reportFailure.ts';
export type { CachedImage } from './store/imageStore.ts';
export type { SizedImage } from './variants/sizedImage.ts';
export type { MadeVariant, VariantMaker } from './variants/variantMaker.ts';
export { VARIANT_TYPES, type Fit, type VariantExtension, type VariantSpec } from './variants/variantSpec.ts';
