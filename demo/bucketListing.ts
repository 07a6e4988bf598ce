import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { BucketListing } from './api.ts';

/** Lists what pictures have brought into the bucket: themselves, and the references that say which note uses them. At most a thousand. */
export async function listUploads(client: S3Client, bucket: string): Promise<BucketListing> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'uploads/' }));
  return { objects: Contents.flatMap(({ Key: key, Size: size = 0 }) => (key === undefined ? [] : [{ key, size }])) };
}
