export {
  clearOfflineImages,
  estimateOffline,
  type OfflineEstimate,
  setOfflineUser,
} from '../client/offline/offlineImages.ts';
export { type RegisterImageWorkerOptions, registerImageWorker } from '../client/offline/registerImageWorker.ts';
export type { WorkerBucket } from './bucketPlaces.ts';
export { createImageHandler, type ImageHandler, type ImageRequestEvent } from './createImageHandler.ts';
export { handleImages } from './handleImages.ts';
export type { ImageWorkerOptions } from './imageWorkerOptions.ts';
