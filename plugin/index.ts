export { ImageCacheError } from './errors.ts';
export type {
  BucketOptions,
  Duration,
  ImageCacheOptions,
  ImagesOptions,
  ServiceWorkerOptions,
  Size,
  TimeoutOptions,
  UploadsOptions,
} from './options.ts';
export { imageCache } from './plugin.ts';
export type * from './protocol.ts';
export type * from './uploadProtocol.ts';
export type { ImageTiming, Step } from './timeline.ts';
