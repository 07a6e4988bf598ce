import { ImageCacheError } from '../errors.ts';
import type { ResolvedOptions } from '../options.ts';
import { createAllowList, type AllowList } from './allowList.ts';
import { filenameOf } from './objectKey.ts';
import { parseQuery } from './query.ts';
import { parseRawUrl } from './rawUrl.ts';
import type { S3Object } from './s3Object.ts';

/**
 * Makes the function that finds the object behind a URL: whatever the signature, the host form (virtual host, path
 * style, dual-stack, accelerate, `s3://`, CDN) or the percent-encoding, one object has one canonical URL.
 */
export function createIdentify(options: Pick<ResolvedOptions, 'buckets' | 'resolveKey'>): (url: string) => S3Object {
  const allowList = createAllowList(options.buckets);
  const { resolveKey } = options;

  return (url) => {
    const canonical = resolveKey === undefined ? undefined : askResolveKey(resolveKey, url);
    if (canonical === undefined) return understand(url, allowList);

    const object = understand(canonical, allowList);
    const asked = understandOrUndefined(url, allowList);
    // What was resolved is only a name, whatever signed it. A URL that no listed bucket has is never fetched: the object it
    // stands for is.
    if (asked === undefined) return { ...understand(object.key, allowList), url };
    return { ...asked, key: object.key, filename: object.filename };
  };
}

function understand(url: string, allowList: AllowList): S3Object {
  const raw = parseRawUrl(url);
  const { bucket, objectKey, base, viaCdn } = allowList(raw);
  const query = parseQuery(raw, base);
  const asAsked = query.signed || query.hasForeignVersion || viaCdn ? raw : undefined;
  return {
    key: `${base}${objectKey.encoded}${query.canonical}`,
    filename: filenameOf(objectKey.key),
    bucket,
    objectKey: objectKey.key,
    versionId: query.versionId,
    overrides: query.overrides,
    url,
    signed: query.signed,
    asAsked,
    origin: asAsked === undefined ? originOf(base) : `${raw.scheme}//${raw.host}`,
  };
}

/** Without the path. Not by `URL`: this runs for every hit. */
function originOf(base: string): string {
  return base.slice(0, base.indexOf('/', base.indexOf('//') + 2));
}

function understandOrUndefined(url: string, allowList: AllowList): S3Object | undefined {
  try {
    return understand(url, allowList);
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
