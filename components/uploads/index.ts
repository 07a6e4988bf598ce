export { createImageUploads } from './createImageUploads.ts';
export type {
  ImageUploads,
  ImageUploadsOptions,
  PrepareOptions,
  Upload,
  UploadFault,
  UploadPhase,
  UploadPlace,
  UploadsStatus,
} from './imageUploads.ts';
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
  SendContext,
  Stored,
  TransportContext,
  TransportFault,
  TransportJob,
  UploadTransport,
} from './transport.ts';
export { UploadError, type UploadErrorKind, type UploadErrorOptions } from './uploadError.ts';
