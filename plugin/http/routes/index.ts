/** Every route of the API. A route that is exported here is mounted. */
export { imageRoute } from './image.ts';
export { existsRoute } from './exists.ts';
export { lookupRoute } from './lookup.ts';
export { prefetchRoute } from './prefetch.ts';
export { eventsRoute } from './events.ts';
export { invalidateRoute } from './invalidate.ts';
export { manifestRoute } from './manifest.ts';
export { statsRoute } from './stats.ts';
export { doctorRoute } from './doctor.ts';
export { metricsRoute } from './metrics.ts';
export { clearAllRoute, clearRoute } from './clear.ts';
export { pinRoute } from './pin.ts';
export { verifyRoute } from './verify.ts';
export { pictureRoute } from './picture.ts';
export { uploadCancelRoute, uploadRetryRoute, uploadRoute } from './upload.ts';
export {
  uploadsAddRoute,
  uploadsCheckRoute,
  uploadsFindRoute,
  uploadsHealthRoute,
  uploadsRemoveRoute,
  uploadsRoute,
} from './uploads.ts';
