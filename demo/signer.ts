import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Storage } from './settings.ts';
import { createS3Client } from './upload.ts';

const EXPIRES_IN_SECONDS = 900;

/** Makes a presigned URL for an object. As in real apps, signatures differ from one second to the next. */
export type Sign = (key: string) => Promise<string>;

/** Signs with the keys of the storage. Within one second, the same URL is returned, because its signature would be the same. */
export function createSigner(storage: Storage, now: () => number = Date.now): Sign {
  const client = createS3Client(storage);
  let second = 0;
  let signed = new Map<string, Promise<string>>();
  return (key) => {
    const current = Math.floor(now() / 1_000);
    if (current !== second) {
      second = current;
      signed = new Map();
    }
    const known = signed.get(key);
    if (known !== undefined) return known;
    const url = getSignedUrl(client, new GetObjectCommand({ Bucket: storage.bucket, Key: key }), {
      expiresIn: EXPIRES_IN_SECONDS,
      signingDate: new Date(current * 1_000),
    });
    signed.set(key, url);
    return url;
  };
}
