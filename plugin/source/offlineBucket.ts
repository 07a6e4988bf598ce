import { offlineRefusal } from '../offline.ts';
import { type UploadBucket, UploadFailure } from '../uploads/index.ts';
import { createIdentify } from './s3Url.ts';
import type { S3SourceOptions } from './s3Source.ts';

/**
 * A bucket that cannot be reached because nothing may be sent. It knows the URLs of its objects, and everything else fails.
 * @param name of one of `buckets`
 */
export function createOfflineBucket({ buckets }: Pick<S3SourceOptions, 'buckets'>, name: string): UploadBucket {
  const identify = createIdentify({ buckets, resolveKey: undefined });
  const refuse = () => Promise.reject(new UploadFailure('blocked', offlineRefusal('The bucket is not asked')));
  return {
    urlOf: (key) => identify(`s3://${name}/${key}`).key,
    store: refuse,
    look: refuse,
    mark: refuse,
    remove: refuse,
    list: refuse,
    close() {},
  };
}
