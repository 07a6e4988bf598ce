import { refuse, refuseOthers } from './refuse.ts';

/** A bucket, as in the plugin's option `buckets`, without credentials. */
export interface WorkerBucket {
  name: string;
  /** Not needed here: the URLs of all regions are known. */
  region?: string;
  /** For R2, MinIO and every other S3-compatible server, e.g. `https://s3.example.com`. @default AWS */
  endpoint?: string;
  /** Where your own endpoint has the bucket's name. Both forms are kept; this says which one is the canonical. @default true */
  forcePathStyle?: boolean;
  /** Only objects whose key begins with this are kept. @default '' (all) */
  prefix?: string;
  /** Other host names that serve this bucket, e.g. a CloudFront distribution. @default [] */
  cdn?: readonly string[];
}

/** One beginning that the URLs of a bucket may have. */
export interface BucketPlace {
  /** `https://host/` or `https://host/bucket/`; a pattern for the many hosts of AWS. */
  readonly start: string | RegExp;
  /** The beginning of canonical URLs, the same as on our server. */
  readonly canonical: string;
  readonly prefix: string;
  readonly isAws: boolean;
  readonly isCdn: boolean;
}

/** A URL in a listed bucket. */
export interface BucketUrl {
  /** The beginning of the URL: pages can read all objects there, or none. */
  readonly start: string;
  /** The key of the object, decoded. */
  readonly key: string;
  readonly place: BucketPlace;
}

const FIELDS = ['name', 'region', 'endpoint', 'forcePathStyle', 'prefix', 'cdn'] satisfies (keyof WorkerBucket)[];
const AWS_ENDPOINT = 'https://s3.amazonaws.com';
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{1,254}$/;

/** @throws Error `INVALID_OPTION` */
export function bucketPlaces(buckets: readonly (string | WorkerBucket)[]): BucketPlace[] {
  return Array.from(buckets, checked).flatMap(placesOf);
}

function checked(each: string | WorkerBucket, index: number): WorkerBucket {
  const bucket = typeof each === 'string' ? { name: each } : each;
  const at = `buckets[${index}].`;
  if (!NAME.test(bucket.name)) refuse(`${at}name`, 'is wrong', "Write e.g. 'team-photos'.");
  // `credentials` are refused, too: everybody can read a worker.
  refuseOthers(bucket, FIELDS, at);
  if (!/^https?:\/\/[^/]/.test(bucket.endpoint ?? AWS_ENDPOINT)) {
    refuse(`${at}endpoint`, 'is wrong', "Write e.g. 'https://s3.example.com'.");
  }
  return bucket;
}

/** A URL of AWS: any region, dual-stack, FIPS or transfer acceleration, with the bucket in the host or in the path. */
const AWS = String.raw`s3(?:-accelerate)?(?:-fips)?(?:\.dualstack)?(?:[.-][a-z\d-]+)?\.amazonaws\.(?:com(?:\.cn)?|eu)`;
/** Directory buckets. */
const EXPRESS = String.raw`s3express-[a-z\d-]+\.[a-z\d-]+\.amazonaws\.com`;

function placesOf({
  name,
  endpoint = AWS_ENDPOINT,
  forcePathStyle = true,
  prefix = '',
  cdn = [],
}: WorkerBucket): BucketPlace[] {
  const { protocol, host, hostname, pathname } = new URL(endpoint);
  const isAws = new RegExp(`^${AWS}$`).test(hostname);
  const path = pathname.replace(/\/+$/, '');
  const inPath = `${protocol}//${host}${path}/${name}/`;
  const inHost = `${protocol}//${name}.${host}${path}/`;
  const escaped = name.replaceAll('.', String.raw`\.`);
  const aws = new RegExp(`^https://(?:${escaped}\\.(?:${AWS}|${EXPRESS})|${AWS}/${escaped})/`);
  const canonical = isAws ? `https://${name}.s3.amazonaws.com/` : forcePathStyle ? inPath : inHost;
  // Pages show `s3:` URLs by our server.
  const starts = [...(isAws ? [aws] : [inPath, inHost]), `s3://${name}/`];
  const own = (start: string | RegExp): BucketPlace => ({ start, canonical, prefix, isAws, isCdn: false });
  const atCdn = (domain: string): BucketPlace => {
    const start = `https://${domain.toLowerCase()}/`;
    return { start, canonical, prefix, isAws: false, isCdn: true };
  };
  return [...starts.map(own), ...cdn.map(atCdn)];
}

/** The listed bucket that a URL without a query is in. @param url as `URL` writes it */
export function findInBuckets(places: readonly BucketPlace[], url: string): BucketUrl | undefined {
  for (const place of places) {
    const start = typeof place.start === 'string' ? place.start : (place.start.exec(url)?.[0] ?? ' ');
    const key = url.startsWith(start) ? decoded(url.slice(start.length)) : '';
    if (key !== '' && key.startsWith(place.prefix)) return { place, start, key };
  }
  return undefined;
}

/** Empty if it is not UTF-8, because S3 has no such keys. A `%` without two hexadecimal digits stays a `%`, as in our server. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    return '';
  }
}
