import { isIPv4 } from 'node:net';
import { endsInBucket, isEndpoint, pathOf } from '../endpoint.ts';
import { ImageCacheError } from '../errors.ts';
import { isBucketName, isHostName } from '../names.ts';
import type { ResolvedBucket } from '../options.ts';
import { parseAwsHost, type AwsHost } from './awsHost.ts';
import type { RawUrl } from './rawUrl.ts';

/** A bucket of the options, and where it is unless it is at AWS. */
interface Listed {
  readonly bucket: ResolvedBucket;
  readonly endpoint: URL | undefined;
}

/**
 * The refusal of a URL that no listed bucket has. Its hint is the line to add, as far as that can be told: nothing that
 * the options would refuse, and of the URL no more than the host and the name of the bucket.
 */
export function notListed(url: RawUrl, listed: readonly Listed[]): ImageCacheError {
  const host = url.host.slice(0, 253);
  return new ImageCacheError(
    'HOST_NOT_ALLOWED',
    `No bucket of the option \`buckets\` has URLs like this one at ${host}.`,
    { hint: hintOf(url, listed) },
  );
}

function hintOf(url: RawUrl, listed: readonly Listed[]): string {
  if (url.scheme === 's3:') return isBucketName(url.host) ? lineToAdd(quote(url.host)) : 'Write s3://<bucket>/<key>.';
  const aws = parseAwsHost(url.host);
  if (aws !== undefined) return hintForAws(url, aws, listed);
  const servers = listed.flatMap(({ endpoint }) => endpoint ?? []).filter((server) => isAt(server, url));
  const server = servers.find((each) => bucketAt(each, url) !== undefined) ?? servers[0];
  return server === undefined ? hintForStranger(url) : hintForServer(url, server, listed);
}

function hintForAws(url: RawUrl, aws: AwsHost, listed: readonly Listed[]): string {
  const bucket = aws.bucket ?? partOf(url.path) ?? '';
  const elsewhere = listed.find((each) => each.endpoint !== undefined && each.bucket.name === bucket);
  if (elsewhere?.endpoint !== undefined) {
    const { endpointFrom } = elsewhere.bucket;
    const remedy = endpointFrom === undefined ? 'remove `endpoint`' : `unset ${endpointFrom}`;
    return `\`${bucket}\` is configured at ${addressOf(elsewhere.endpoint)}, and this is a URL of AWS: have URLs made for that endpoint, or ${remedy} if the bucket is at AWS.`;
  }
  const name = isBucketName(bucket) ? quote(bucket) : SOME_BUCKET;
  const isPlain = aws.partition === 'aws' || aws.region === undefined;
  return lineToAdd(isPlain ? name : `{ name: ${name}, region: ${quote(aws.region)} }`);
}

/** The server is known; the bucket is not, or the path is none of its URLs. */
function hintForServer(url: RawUrl, server: URL, listed: readonly Listed[]): string {
  const address = addressOf(server);
  const bucket = bucketAt(server, url);
  const isListed = listed.some((each) => each.endpoint?.href === server.href && each.bucket.name === bucket);
  if (bucket === undefined || isListed || endsInBucket(server, bucket)) {
    return `URLs of that server begin with ${address}/<bucket>/.`;
  }
  return `If it is yours, list it with that endpoint: buckets: [{ name: ${quote(bucket)}, endpoint: ${quote(address)} }]`;
}

function hintForStranger({ scheme, host }: RawUrl): string {
  const address = `${scheme}//${host}`;
  if (!isEndpoint(address)) return 'Check the host of the URL.';
  const asEndpoint = `{ name: ${SOME_BUCKET}, endpoint: ${quote(address)} }`;
  // A CDN has a name, and is asked over https at the usual port.
  if (scheme !== 'https:' || !isHostName(host) || isIPv4(host)) return lineToAdd(asEndpoint);
  return `${lineToAdd(asEndpoint)} or, for a CDN, [{ name: ${SOME_BUCKET}, cdn: [${quote(host)}] }]`;
}

/** In either style: `server/bucket/key`, `bucket.server/key`. */
function isAt(server: URL, { host }: RawUrl): boolean {
  return host === server.host || host.endsWith(`.${server.host}`);
}

/** The bucket that a URL of the server asks for. */
function bucketAt(server: URL, { host, path }: RawUrl): string | undefined {
  const root = pathOf(server);
  if (!path.startsWith(`${root}/`)) return undefined;
  const bucket = host === server.host ? partOf(path.slice(root.length)) : host.slice(0, -server.host.length - 1);
  return bucket !== undefined && isBucketName(bucket) ? bucket : undefined;
}

/** What is between the first two slashes. */
function partOf(path: string): string | undefined {
  return path.split('/', 2)[1];
}

function addressOf(server: URL): string {
  return server.origin + pathOf(server);
}

/** To be filled in. */
const SOME_BUCKET = "'<bucket>'";

function lineToAdd(bucket: string): string {
  return `If it is yours, add it: buckets: [${bucket}]`;
}

function quote(text: string): string {
  return `'${text.slice(0, 253).replaceAll("'", '%27')}'`;
}
