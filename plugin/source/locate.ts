import type { ObjectLocation } from '../cache/index.ts';
import type { ResolvedBucket } from '../options.ts';
import { createAllowList } from './allowList.ts';
import { otherReadings } from './keyReadings.ts';
import { encodeKey } from './objectKey.ts';
import { parseQuery } from './query.ts';
import { parseRawUrl } from './rawUrl.ts';
import { canonicalBase } from './s3Url.ts';

/**
 * Creates the function that finds the object of a canonical URL for the option `authorize`: first as S3 understands the key, then
 * in each other way in which a server in front of the bucket may read it. S3 itself reads a key in only one way.
 */
export function createLocate(buckets: readonly ResolvedBucket[]): (canonicalUrl: string) => readonly ObjectLocation[] {
  const allowList = createAllowList(buckets);
  return (canonicalUrl) => {
    const raw = parseRawUrl(canonicalUrl);
    const location = allowList(raw);
    const { bucket, objectKey, isAws } = location;
    const { versionId, canonical } = parseQuery(raw, isAws);
    const start = canonicalBase(raw, location, canonical);
    const others = isAws && bucket.cdn.length === 0 ? [] : otherReadings(objectKey.key);
    return [objectKey.key, ...others]
      .filter((key) => key !== undefined)
      .filter((key) => key !== '') // this would be the bucket itself
      .map((key) => ({ s3_url: `${start}${encodeKey(key)}${canonical}`, bucket: bucket.name, key, versionId }));
  };
}
