import { pathOf } from '../endpoint.ts';
import { ImageCacheError } from '../errors.ts';
import type { ResolvedBucket } from '../options.ts';
import { addressesAt } from './addressing.ts';
import { canonicalAwsBase, parseAwsHost, partitionOf, type AwsHost } from './awsHost.ts';
import { isInside } from './keyReadings.ts';
import { unlistedBucketError } from './unlistedBucketError.ts';
import { parseObjectKey, type ObjectKey } from './objectKey.ts';
import type { RawUrl } from './rawUrl.ts';

/** The place in a listed bucket that a URL points to. */
export interface Location {
  readonly bucket: ResolvedBucket;
  readonly objectKey: ObjectKey;
  /** The beginning of the canonical URL of every object in the bucket. */
  readonly base: string;
  /** Whether the URL is one of a CDN in front of the bucket, which does not accept our credentials. */
  readonly viaCdn: boolean;
  /** Whether the server is S3 itself. */
  readonly isAws: boolean;
}

/** One bucket, and one beginning that its URLs may have. */
interface Place {
  readonly listed: ListedBucket;
  readonly scheme: string;
  /** The part of the path before the key, with its last slash. */
  readonly root: string;
  readonly viaCdn: boolean;
}

interface ListedBucket {
  readonly bucket: ResolvedBucket;
  readonly base: string;
  /** Set if the bucket is at AWS, also if its regional endpoint was given. */
  readonly aws: AwsHost | undefined;
  readonly endpoint: URL | undefined;
}

/** Finds the listed bucket that a URL belongs to. @throws ImageCacheError HOST_NOT_ALLOWED, INVALID_URL_SCHEME, INVALID_URL */
export type AllowList = (url: RawUrl) => Location;

/**
 * Creates the list of buckets that may be fetched from. Host names are compared as a whole, never only their ends, so no similar
 * name (`bucket.s3.amazonaws.com.evil.example`) can match, and no IP address that is not a listed endpoint. No name is resolved, so
 * a refused URL causes no DNS query.
 */
export function createAllowList(buckets: readonly ResolvedBucket[]): AllowList {
  const listed = buckets.map(listBucket);
  const placesByHost = new Map<string, Place[]>();
  for (const [host, place] of listed.flatMap(placesOf)) {
    placesByHost.set(host, [...(placesByHost.get(host) ?? []), place]);
  }

  const placesAt = (url: RawUrl): Place[] => {
    if (url.scheme === 's3:') {
      return listed
        .filter(({ bucket }) => bucket.name === url.host)
        .map((entry) => ({ listed: entry, scheme: 's3:', root: '/', viaCdn: false }));
    }
    const aws = parseAwsHost(url.host);
    if (aws !== undefined) return awsPlaces(listed, aws);
    return placesByHost.get(url.host) ?? [];
  };

  return (url) => {
    const places = placesAt(url).filter(({ root }) => `${url.path}/`.startsWith(root));
    const usable = places.filter(({ scheme }) => scheme === url.scheme);
    if (usable.length === 0) throw wrongScheme(url, places[0]) ?? unlistedBucketError(url, listed);

    const objectKeys = usable.map((place) => ({
      place,
      objectKey: parseObjectKey(url.path.slice(place.root.length)),
    }));
    const match = objectKeys.find(({ place, objectKey }) => isInside(objectKey.key, place.listed.bucket.prefix));
    if (match === undefined) throw outsidePrefix(usable);
    const { listed: entry, viaCdn } = match.place;
    const isAws = entry.aws !== undefined && !viaCdn;
    return { bucket: entry.bucket, objectKey: match.objectKey, base: entry.base, viaCdn, isAws };
  };
}

function listBucket(bucket: ResolvedBucket): ListedBucket {
  const { name, endpoint } = bucket;
  const host = endpoint === undefined ? undefined : parseAwsHost(endpoint.hostname);
  if (endpoint !== undefined && host === undefined) {
    const [address] = addressesAt(endpoint, bucket);
    return { bucket, endpoint, aws: undefined, base: `${endpoint.protocol}//${address.host}${address.root}` };
  }
  const region = bucket.region ?? host?.region;
  const aws: AwsHost = { partition: partitionOf(region), region, bucket: name };
  return { bucket, endpoint: undefined, aws, base: canonicalAwsBase(name, region) };
}

/** The hosts of a bucket: those of its own endpoint, and its CDNs. */
function placesOf(listed: ListedBucket): [host: string, Place][] {
  const { bucket, endpoint } = listed;
  const places: [string, Place][] = bucket.cdn.map((host) => [
    host,
    { listed, scheme: 'https:', root: '/', viaCdn: true },
  ]);
  if (endpoint === undefined) return places;
  const own = { listed, scheme: endpoint.protocol, viaCdn: false };
  const addresses = addressesAt(endpoint, bucket);
  return [...places, ...addresses.map(({ host, root }): [string, Place] => [host, { ...own, root }])];
}

/** Plain http to AWS is refused: everyone on the network could read the image and the signature. */
function awsPlaces(listed: readonly ListedBucket[], host: AwsHost): Place[] {
  return listed
    .filter(({ aws }) => aws?.partition === host.partition)
    .filter(({ bucket }) => host.bucket === undefined || host.bucket === bucket.name)
    .map((entry) => ({
      listed: entry,
      scheme: 'https:',
      root: host.bucket === undefined ? `/${entry.bucket.name}/` : '/',
      viaCdn: false,
    }));
}

/** The refusal of a URL that would be accepted with another scheme. */
function wrongScheme(url: RawUrl, otherScheme: Place | undefined): ImageCacheError | undefined {
  const isAws = url.scheme === 'http:' && parseAwsHost(url.host) !== undefined;
  if (otherScheme === undefined && !isAws) return undefined;
  const host = url.host.slice(0, 253);
  const scheme = otherScheme?.scheme ?? 'https:';
  return new ImageCacheError('INVALID_URL_SCHEME', `${host} must be read over ${scheme}, not ${url.scheme}`, {
    hint: bothWaysOut(url, otherScheme) ?? `Write ${scheme}//${host}/…`,
  });
}

/** If the server is in the options, either the option or the URL has the wrong scheme. */
function bothWaysOut(url: RawUrl, place: Place | undefined): string | undefined {
  const endpoint = place?.listed.endpoint;
  if (endpoint === undefined || place?.viaCdn === true) return undefined;
  const right = endpoint.origin + pathOf(endpoint);
  const other = `${url.scheme}//${endpoint.host}${pathOf(endpoint)}`;
  return `If the server speaks ${url.scheme.slice(0, -1)}, write endpoint: '${other}'; otherwise have URLs signed for ${right}.`;
}

function outsidePrefix(places: readonly Place[]): ImageCacheError {
  const rules = places.map(({ listed: { bucket } }) =>
    bucket.prefix === '' ? `inside ${bucket.name}` : `under ${bucket.prefix} in ${bucket.name}`,
  );
  const prefixes = places.map(({ listed: { bucket } }) => bucket.prefix).filter(Boolean);
  const wanted = prefixes.map((prefix) => `\`${prefix}\``).join(' or ');
  return new ImageCacheError('HOST_NOT_ALLOWED', `Only keys ${rules.join(' or ')} are cached, and this is none.`, {
    hint:
      wanted === ''
        ? 'A server that resolves dots and merges slashes would read it outside of the bucket.'
        : `The key must begin with ${wanted} (\`prefix\` of the option \`buckets\`), also for a server that resolves dots and merges slashes.`,
  });
}
