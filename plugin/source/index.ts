export { createS3Bucket } from './s3Bucket.ts';
export { createS3Source } from './s3Source.ts';
export type { S3Object } from './s3Object.ts';
