/** What the rest of the project may import from the uploads. */
export { systemClock } from './clock.ts';
export { Outbox } from './outbox.ts';
export { withOutbox } from './outboxSource.ts';
export { isDigestName, isNameOf, isPictureName, keyOf } from './pictureName.ts';
export {
  type ListedObjects,
  type ObjectState,
  type PictureToStore,
  type UploadBucket,
  UploadFailure,
} from './uploadBucket.ts';
export { JOB_ID } from './uploadRecord.ts';
export type { IncomingUpload } from './uploadReception.ts';
export { Uploads } from './uploads.ts';
export type { UploadsCache } from './uploadsOptions.ts';
