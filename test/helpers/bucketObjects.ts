import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Bucket } from './stack.ts';

const clientOf = ({ option: { endpoint, credentials } }: Bucket) =>
  new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });

/** The keys of all objects. */
export async function objectsIn(bucket: Bucket): Promise<string[]> {
  const s3 = clientOf(bucket);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket.option.name }));
  s3.destroy();
  return Contents.map(({ Key = '' }) => Key);
}

/** Removes an object, as somebody does who knows nothing of this project. */
export async function removeObject(bucket: Bucket, key: string): Promise<void> {
  const s3 = clientOf(bucket);
  await s3.send(new DeleteObjectCommand({ Bucket: bucket.option.name, Key: key }));
  s3.destroy();
}

/** Writes an empty object. */
export async function putObject(bucket: Bucket, key: string): Promise<void> {
  const s3 = clientOf(bucket);
  await s3.send(new PutObjectCommand({ Bucket: bucket.option.name, Key: key, Body: new Uint8Array() }));
  s3.destroy();
}
