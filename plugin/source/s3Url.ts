import { ImageCacheError } from '../errors.ts';
import type { ResolvedBucket, ResolvedOptions } from '../options.ts';
import { createAllowList, type Location } from './allowList.ts';
import { filenameOf } from './objectKey.ts';
import { parseQuery } from './query.ts';
import { parseRawUrl, type RawUrl } from './rawUrl.ts';
import type { S3Object } from './s3Object.ts';

/**
 * Makes the function that finds the object behind a URL: whatever the signature, the host form (virtual host, path
 * style, dual-stack, accelerate, `s3://`, CDN) or the percent-encoding, one object has one canonical URL.
 */
export function createIdentify(options: Pick<ResolvedOptions, 'buckets' | 'resolveKey'>): (url: string) => S3Object {
  const understand = createUnderstand(options.buckets);
  const { resolveKey } = options;

  return (url) => {
    const canonical = resolveKey === undefined ? undefined : askResolveKey(resolveKey, url);
    if (canonical === undefined) return understand(url);

    const object = understand(canonical);
    const asked = understandOrUndefined(understand, url);
    // What was resolved is only a name, whatever signed it. A URL that no listed bucket has is never fetched: the object it
    // stands for is.
    if (asked === undefined) return { ...understand(object.key), url };
    return { ...asked, key: object.key, filename: object.filename };
  };
}

function createUnderstand(buckets: readonly ResolvedBucket[]): (url: string) => S3Object {
  const allowList = createAllowList(buckets);
  return (url) => {
    const raw = parseRawUrl(url, buckets[0]?.name);
    const location = allowList(raw);
    const { bucket, objectKey, viaCdn, isAws } = location;
    const { versionId, signed, hasOthers, isNameOnly, canonical } = parseQuery(raw, isAws);
    // A signature that is not known here stands for the query as it is.
    const asAsked = signed || hasOthers ? raw : viaCdn ? { ...raw, search: canonical } : undefined;
    return {
      key: `${canonicalBase(raw, location, canonical)}${objectKey.encoded}${canonical}`,
      filename: filenameOf(objectKey.key),
      bucket,
      objectKey: objectKey.key,
      versionId,
      url,
      signed,
      asAsked,
      isNameOnly,
      origin: asAsked === undefined ? originOf(location.base) : `${raw.scheme}//${raw.host}`,
    };
  };
}

/**
 * What the canonical URL begins with. A CDN serves the objects of the bucket, so they have the name of the bucket; but what it does
 * with a parameter, and whether it passes a version on, only the CDN knows. Such an image has a name of its own.
 */
export function canonicalBase({ scheme, host }: RawUrl, { base, viaCdn }: Location, query: string): string {
  return viaCdn && query !== '' ? `${scheme}//${host}/` : base;
}

/** Without the path. Not by `URL`: this runs for every hit. */
function originOf(base: string): string {
  return base.slice(0, base.indexOf('/', base.indexOf('//') + 2));
}

function understandOrUndefined(understand: (url: string) => S3Object, url: string): S3Object | undefined {
  try {
    return understand(url);
  } catch (error) {
    if (error instanceof ImageCacheError) return undefined;
    throw error;
  }
}

function askResolveKey(resolveKey: (url: string) => string | undefined, url: string): string | undefined {
  try {
    return resolveKey(url);
  } catch (error) {
    throw new ImageCacheError('INVALID_URL', 'The option `resolveKey` threw for this URL.', {
      cause: error,
    });
  }
}
