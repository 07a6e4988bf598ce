/** A group of regions in which bucket names are unique. `b` in China is not the `b` of the other regions. */
type Partition = 'aws' | 'aws-cn' | 'aws-eusc' | 'aws-us-gov';

/** The parts of the host of an S3 URL. */
export interface AwsHost {
  readonly partition: Partition;
  readonly region: string | undefined;
  /** `undefined` in path style, where the bucket is the first part of the path. */
  readonly bucket: string | undefined;
}

/**
 * Every form of S3's public endpoints: `s3.amazonaws.com`, `s3.REGION`, the legacy `s3-REGION`, dual-stack, FIPS and
 * transfer acceleration, each bare or behind a bucket's name.
 * `s3-website` (other semantics), access points and VPC endpoints are left out on purpose (see `awsHint.ts`).
 */
const S3_HOST =
  /^(?:(?<bucket>[a-z0-9][a-z0-9.-]*)\.)?s3(?<accelerate>-accelerate(?:\.dualstack)?)?(?:-fips)?(?:\.dualstack)?(?:[.-](?<region>external-1|[a-z]{2,4}(?:-[a-z]+)+-\d+))?\.(?<suffix>amazonaws\.(?:com\.cn|com|eu))$/;

/** A directory bucket, whose name ends in its zone: `fast--usw2-az1--x-s3.s3express-usw2-az1.us-west-2.amazonaws.com`. */
const EXPRESS_HOST =
  /^(?<bucket>[a-z0-9][a-z0-9-]*--(?<zone>[a-z0-9-]+)--x-s3)\.s3express-\k<zone>\.(?<region>[a-z]{2,4}(?:-[a-z]+)+-\d+)\.amazonaws\.com$/;

/** Parses a host name of S3 itself; `undefined` for any other. */
export function parseAwsHost(host: string): AwsHost | undefined {
  const express = EXPRESS_HOST.exec(host)?.groups;
  if (express !== undefined) {
    const { bucket, region } = express;
    return { partition: partitionOf(region), region, bucket };
  }
  const groups = S3_HOST.exec(host)?.groups;
  if (groups === undefined) return undefined;
  const { bucket, accelerate, region, suffix } = groups;
  if (accelerate !== undefined && (bucket === undefined || region !== undefined)) return undefined;
  const partition = suffix === 'amazonaws.com' ? partitionOf(region) : SUFFIX_PARTITION.get(suffix ?? '');
  if (partition === undefined || SUFFIX[partition] !== suffix) return undefined;
  return { partition, region, bucket };
}

/** The partition of a region. Without a region, it is `aws`, which almost all buckets are in. */
export function partitionOf(region: string | undefined): Partition {
  if (region?.startsWith('cn-')) return 'aws-cn';
  if (region?.startsWith('us-gov-')) return 'aws-us-gov';
  if (region?.startsWith('eusc-')) return 'aws-eusc';
  return 'aws';
}

/**
 * The beginning of canonical URLs of a bucket at AWS. It has no region if bucket names are unique without one, so it stays the same
 * when a region is added to, or removed from, a URL or the options.
 */
export function canonicalAwsBase(bucket: string, region: string | undefined): string {
  const partition = partitionOf(region);
  const endpoint = partition === 'aws' ? 's3.amazonaws.com' : `s3.${region}.${SUFFIX[partition]}`;
  // Buckets from before 2018 may have names that cannot be part of a host.
  return DNS_NAME.test(bucket) ? `https://${bucket}.${endpoint}/` : `https://${endpoint}/${bucket}/`;
}

const DNS_NAME = /^[a-z0-9][a-z0-9.-]*[a-z0-9]$/;

const SUFFIX: Record<Partition, string> = {
  aws: 'amazonaws.com',
  'aws-us-gov': 'amazonaws.com',
  'aws-cn': 'amazonaws.com.cn',
  'aws-eusc': 'amazonaws.eu',
};

const SUFFIX_PARTITION = new Map<string, Partition>([
  ['amazonaws.com.cn', 'aws-cn'],
  ['amazonaws.eu', 'aws-eusc'],
]);
