import { isIPv4 } from 'node:net';
import { endsInBucket, isBucketName, isEndpoint, isHostName, pathOf } from '../endpoint.ts';
import { ImageCacheError } from '../errors.ts';
import type { ResolvedBucket } from '../options.ts';
import { otherAddressAt } from './addressing.ts';
import { awsHint } from './awsHint.ts';
import { parseAwsHost, type AwsHost } from './awsHost.ts';
import { bucketLine, bucketLineIn } from './bucketLine.ts';
import type { RawUrl } from './rawUrl.ts';

/** A bucket of the options, and its endpoint unless it is at AWS. */
interface Listed {
  readonly bucket: ResolvedBucket;
  readonly endpoint: URL | undefined;
}

/**
 * The refusal of a URL that is not in a listed bucket. Its hint is the line to add to the options, if that can be guessed. It
 * proposes nothing that the options would refuse, and contains nothing of the URL but the host and the name of the bucket.
 */
export function unlistedBucketError(url: RawUrl, listed: readonly Listed[]): ImageCacheError {
  const host = url.host.slice(0, 253);
  // The host of s3://… is the bucket itself.
  const where = url.scheme === 's3:' && isBucketName(host) ? `: none is named ${host}` : ` at ${host}`;
  const hint = hintOf(url, listed);
  return new ImageCacheError(
    'HOST_NOT_ALLOWED',
    `No bucket of the option \`buckets\` has URLs like this one${where}.`,
    { hint, fix: bucketLineIn(hint) },
  );
}

function hintOf(url: RawUrl, listed: readonly Listed[]): string {
  if (url.scheme === 's3:') return isBucketName(url.host) ? add(bucketLine(url.host)) : 'Write s3://<bucket>/<key>.';
  const aws = parseAwsHost(url.host);
  if (aws !== undefined) return hintForAws(url, aws, listed);
  const servers = listed.flatMap(({ endpoint }) => endpoint ?? []).filter((server) => isAt(server, url));
  const server = servers.find((each) => bucketAt(each, url) !== undefined) ?? servers[0];
  return (
    awsHint(url) ??
    hintForOtherStyle(url, listed) ??
    hintForListedElsewhere(url, listed) ??
    (server === undefined ? hintForStranger(url) : hintForServer(url, server, listed))
  );
}

function hintForAws(url: RawUrl, aws: AwsHost, listed: readonly Listed[]): string {
  const bucket = aws.bucket ?? partOf(url.path) ?? '';
  const elsewhere = listed.find((each) => each.endpoint !== undefined && each.bucket.name === bucket);
  if (elsewhere !== undefined) {
    const { endpointFrom } = elsewhere.bucket;
    const remedy = endpointFrom === undefined ? 'remove `endpoint`' : `unset ${endpointFrom}`;
    return `\`${bucket}\` is listed at ${placeOf(elsewhere)}, but this is a URL of AWS: create URLs for that endpoint, or ${remedy} if the bucket is at AWS.`;
  }
  // The SDK must know the region of a directory bucket; in other partitions, the same name is another bucket.
  const isPlain = aws.partition === 'aws' && !bucket.endsWith('--x-s3');
  return add(bucketLine(bucket, { region: isPlain ? undefined : aws.region }));
}

/** The hint if the bucket is listed, but the URL has the style that its server may read as another bucket. */
function hintForOtherStyle(url: RawUrl, listed: readonly Listed[]): string | undefined {
  for (const { bucket, endpoint } of listed) {
    if (endpoint === undefined || endpoint.protocol !== url.scheme) continue;
    const { style, host, root } = otherAddressAt(endpoint, bucket);
    if (host !== url.host || !url.path.startsWith(root)) continue;
    const address = addressOf(endpoint);
    const [is, wanted] = style === 'path' ? ['false', 'true'] : ['true', 'false'];
    return `\`${bucket.name}\` is listed at ${address} with \`forcePathStyle: ${is}\`, but this is a URL of the other style. If the server answers to it, set \`forcePathStyle: ${wanted}\`; a bucket may be listed once with each.`;
  }
  return undefined;
}

/** The hint if a bucket with this name is listed at another server. */
function hintForListedElsewhere(url: RawUrl, listed: readonly Listed[]): string | undefined {
  const other = listed.find(({ bucket: { name }, endpoint }) => {
    const root = endpoint === undefined ? '' : pathOf(endpoint);
    const isOfServer = endpoint !== undefined && isAt(endpoint, url);
    return !isOfServer && (url.path.startsWith(`${root}/${name}/`) || url.host.startsWith(`${name}.`));
  });
  if (other === undefined) return undefined;
  const { name, endpointFrom } = other.bucket;
  const origin = `${url.scheme}//${url.host}`.slice(0, 253);
  const mismatch = `\`${name}\` is listed at ${placeOf(other)}, but this is a URL of ${origin}`;
  const line = lineAt(url, other);
  if (endpointFrom !== undefined || line === undefined) {
    return `${mismatch}: create URLs for the former, or change ${endpointFrom ?? 'the `endpoint` of the bucket'}.`;
  }
  // A bucket without an endpoint is at AWS; most likely the endpoint was forgotten.
  return other.endpoint === undefined
    ? `${mismatch}. If the bucket is there, give it that endpoint: ${line}`
    : `${mismatch}: create URLs for the former, or give the bucket this endpoint: ${line}`;
}

/** The line that lists the bucket at the server of the URL, in the style of the URL. */
function lineAt({ scheme, host, path }: RawUrl, { bucket: { name }, endpoint }: Listed): string | undefined {
  const root = endpoint === undefined ? '' : pathOf(endpoint);
  const isPathStyle = path.startsWith(`${root}/${name}/`);
  const address = isPathStyle ? `${scheme}//${host}${root}` : `${scheme}//${host.slice(name.length + 1)}`;
  if (!isEndpoint(address)) return undefined;
  return bucketLine(name, { endpoint: address, ...(isPathStyle ? {} : { forcePathStyle: false }) });
}

/** The hint if the server is known, but not the bucket, or if the path is not one of its URLs. */
function hintForServer(url: RawUrl, server: URL, listed: readonly Listed[]): string {
  const address = addressOf(server);
  const bucket = bucketAt(server, url);
  const isListed = listed.some((each) => each.endpoint?.href === server.href && each.bucket.name === bucket);
  if (bucket === undefined || isListed || endsInBucket(server, bucket)) {
    return `URLs of that server begin with ${address}/<bucket>/.`;
  }
  const style = url.host === server.host ? {} : ({ forcePathStyle: false } as const);
  return `If it is yours, list it with that endpoint: ${bucketLine(bucket, { endpoint: address, ...style })}`;
}

function hintForStranger({ scheme, host, path }: RawUrl): string {
  const address = `${scheme}//${host}`;
  if (!isEndpoint(address)) return 'Check the host of the URL.';
  // For `/a.jpg` it is unknown whether a bucket comes first.
  const [, bucket, key = ''] = path.split('/', 3);
  const asEndpoint = add(bucketLine(key === '' ? undefined : bucket, { endpoint: address }));
  // A CDN has a name, and uses https at the default port.
  if (scheme !== 'https:' || !isHostName(host) || isIPv4(host)) return asEndpoint;
  return `${asEndpoint} or, for a CDN, ${bucketLine(undefined, { cdn: host }).replace('buckets: ', '')}`;
}

/** Whether the URL is at the server, in either style: `server/bucket/key`, `bucket.server/key`. */
function isAt(server: URL, { host }: RawUrl): boolean {
  return host === server.host || host.endsWith(`.${server.host}`);
}

/** The bucket that a URL of the server names. */
function bucketAt(server: URL, { host, path }: RawUrl): string | undefined {
  const root = pathOf(server);
  if (!path.startsWith(`${root}/`)) return undefined;
  const bucket = host === server.host ? partOf(path.slice(root.length)) : host.slice(0, -server.host.length - 1);
  return bucket !== undefined && isBucketName(bucket) ? bucket : undefined;
}

/** The part of a path between its first two slashes. */
function partOf(path: string): string | undefined {
  return path.split('/', 2)[1];
}

function addressOf(server: URL): string {
  return server.origin + pathOf(server);
}

function placeOf({ endpoint }: Listed): string {
  return endpoint === undefined ? 'AWS' : addressOf(endpoint);
}

function add(line: string): string {
  return `If it is yours, add it: ${line}`;
}
