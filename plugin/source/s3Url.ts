import { ImageCacheError } from '../errors.ts';
import type { ResolvedBucket, ResolvedOptions } from '../options.ts';
import { createAllowList, type Location } from './allowList.ts';
import { filenameOf } from './objectKey.ts';
import { parseQuery } from './query.ts';
import { parseRawUrl, type RawUrl } from './rawUrl.ts';
import type { S3Object } from './s3Object.ts';

/**
 * Creates the function that finds the object behind a URL. One object has one canonical URL, whatever the signature, the form of
 * the host (virtual host, path style, dual-stack, accelerate, `s3://`, CDN) or the percent-encoding.
 */
export function createIdentify(options: Pick<ResolvedOptions, 'buckets' | 'resolveKey'>): (url: string) => S3Object {
  const understand = createUnderstand(options.buckets);
  const { resolveKey } = options;

  return (url) => {
    const canonical = resolveKey === undefined ? undefined : askResolveKey(resolveKey, url);
    if (canonical === undefined) return understand(url);

    const object = understand(canonical);
    const asked = understandOrUndefined(understand, url);
    // A URL that is not in a listed bucket is never fetched. It only stands for the object that `resolveKey` named, and that object
    // is fetched with our credentials, whether or not the URL was signed.
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
    // An unknown parameter may be a signature that covers the query as it is, so the URL is sent unchanged.
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
 * The beginning of the canonical URL. A CDN serves the objects of the bucket, so their names begin with the bucket. But it is not
 * known what the CDN does with a parameter, or whether it passes on a version, so an image with a query has a name of its own.
 */
export function canonicalBase({ scheme, host }: RawUrl, { base, viaCdn }: Location, query: string): string {
  return viaCdn && query !== '' ? `${scheme}//${host}/` : base;
}

/** The URL without its path. It does not use `URL`, which is slow: this runs for every hit. */
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
