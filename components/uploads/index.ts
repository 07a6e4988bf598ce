export { createImageUploads } from './createImageUploads.ts';
export type { Entity } from './entity.ts';
export type { EntityImages } from './entityImages.ts';
export type {
  ImageUploads,
  ImageUploadsOptions,
  PrepareOptions,
  Upload,
  UploadCallOptions,
  UploadFault,
  UploadPhase,
  UploadPlace,
  UploadsStatus,
} from './imageUploads.ts';
export type { OnStored, StoredImage, UploadLink } from './onStored.ts';
export {
  presignedTransport,
  type PresignedTransportOptions,
  type SignedRequest,
  type SignRequest,
} from './transports/presignedTransport.ts';
export { serverTransport, type ServerTransportOptions } from './transports/serverTransport.ts';
export type {
  Accepted,
  Needed,
  Refused,
  RemovalContext,
  RemovedImage,
  SendContext,
  Stored,
  TransportContext,
  TransportFault,
  TransportJob,
  TransportRemoval,
  UploadTransport,
} from './transport.ts';
export { uploadErrorText } from './uploadErrorText.ts';
export { UploadError, type UploadErrorKind, type UploadErrorOptions } from './uploadError.ts';
export { ImageUploadsProvider, type ImageUploadsProviderProps } from './react/ImageUploadsProvider.tsx';
export { UploadBadge, type UploadBadgeProps } from './react/UploadBadge.tsx';
export { type MissingPicture, UploadedImage, type UploadedImageProps } from './react/UploadedImage.tsx';
export { UploadList, type UploadListProps } from './react/UploadList.tsx';
export type { UploadTexts } from './react/uploadTexts.ts';
export { type ImageUploadState, useImageUpload } from './react/useImageUpload.ts';
export { type UploadedImageState, useUploadedImage } from './react/useUploadedImage.ts';
export { useEntityImages } from './react/useEntityImages.ts';
export { useUpload, useUploads } from './react/useUploads.ts';
export { useUploadStatus } from './react/useUploadStatus.ts';
export { createMarkdownLinker, type MarkdownLinkerOptions } from './text/createMarkdownLinker.ts';
export { hasLocalRefs, imageRefsIn } from './text/imageRefs.ts';
export { replaceRefs } from './text/replaceRefs.ts';
