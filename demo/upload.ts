import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ACTOR_IDS, photosOf } from './photos/photo.ts';
import type { Studio } from './photos/studio.ts';
import { keyOf, type Storage } from './settings.ts';

const LANES = 4;

/** Uploads the photographs that are missing in a bucket, and reports the progress. */
export async function uploadMissing(
  storage: Storage,
  studio: Studio,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const client = createS3Client(storage);
  const present = await listKeys(client, storage.bucket);
  const missing = ACTOR_IDS.flatMap((id) => photosOf(id)).filter((photo) => !present.has(keyOf(photo)));
  let done = 0;
  const remaining = missing.values();
  const lane = async () => {
    for (const photo of remaining) {
      const body = await studio.photo(photo);
      await client.send(
        new PutObjectCommand({ Bucket: storage.bucket, Key: keyOf(photo), Body: body, ContentType: 'image/jpeg' }),
      );
      onProgress(++done, missing.length);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  client.destroy();
}

/** Creates a client. R2, MinIO and radosgw refuse the SDK's default checksums, hence `WHEN_REQUIRED`. */
export function createS3Client({ endpoint, region, credentials }: Storage): S3Client {
  return new S3Client({
    region,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
    ...(credentials !== undefined && { credentials }),
  });
}

async function listKeys(client: S3Client, bucket: string): Promise<Set<string>> {
  const keys = new Set<string>();
  let token: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: 'actors/', ContinuationToken: token }),
    );
    for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.add(Key);
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return keys;
}
