import type { IncomingHttpHeaders } from 'node:http';
import type { ImageCacheError } from '../errors.ts';
import type { ResolvedBucket } from '../options.ts';
import { type Address, addressesAt, otherAddressAt } from './addressing.ts';
import { canonicalAwsBase, parseAwsHost } from './awsHost.ts';
import { readErrorBody } from './body.ts';
import type { Clock } from './clock.ts';
import { clockOffset } from './clockOffset.ts';
import { elementOf } from './errorAnswer.ts';
import type { HttpRequest } from './httpClient.ts';
import { ERROR_BODY_LIMIT, s3Error } from './s3Error.ts';
import type { TracedClient, TracedRequest } from './tracedClient.ts';
import { createUploadSigner, type FoundCredentials, type UploadOperation } from './uploadSigner.ts';

/** What a bucket has answered. */
export interface BucketAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** S3's own word for a refusal, e.g. `NoSuchBucket`. */
  readonly s3Code: string | undefined;
  /** Whether the answer is a listing of a bucket. */
  readonly isListing: boolean;
  /** The key of the first object of a listing. */
  readonly firstKey: string | undefined;
  /** What a refusal means, and what to do; `undefined` for an answer of success. */
  readonly refusal: ImageCacheError | undefined;
}

/** Questions about a bucket as a whole. Nothing that they ask reads more than one byte of an object, or changes anything. */
export interface BucketInquiry {
  /** Where requests of the bucket go: `https://photos.s3.eu-central-1.amazonaws.com/`. */
  readonly address: string;
  /** The host in the other style of address (see `forcePathStyle`); `undefined` if there is only one. */
  readonly otherHost: string | undefined;
  /** Asks for the head of the bucket, without credentials. */
  head(signal: AbortSignal): TracedRequest;
  /** @throws the error of the SDK's provider chain */
  findCredentials(): Promise<FoundCredentials>;
  /**
   * Lists one object.
   * @param how with the credentials, without, or without and in the other style of address (see `forcePathStyle`)
   * @throws ImageCacheError if nothing can be signed, or there is no answer
   */
  list(how: 'signed' | 'unsigned' | 'other style', signal: AbortSignal): Promise<BucketAnswer>;
  /** Reads the first byte of an object, with the credentials. @throws as {@link BucketInquiry.list} */
  firstByte(key: string, signal: AbortSignal): Promise<BucketAnswer>;
  close(): void;
}

/** How long an answer may stop in its middle. */
const IDLE_MS = 3_000;

export function createBucketInquiry(
  bucket: ResolvedBucket,
  client: TracedClient,
  { clock }: { clock: Clock },
): BucketInquiry {
  const signer = createUploadSigner(bucket);
  const base = addressOf(bucket);
  const other = otherAddressOf(bucket);
  const object = { bucket, signed: false, asAsked: undefined };

  async function answerTo(request: HttpRequest, signal: AbortSignal): Promise<BucketAnswer> {
    const response = await client.open(request, signal).response;
    try {
      const limits = { clock, idleMs: IDLE_MS, hostname: request.hostname, signal };
      const { statusCode: status = 0, headers } = response;
      const body = await readErrorBody(response, ERROR_BODY_LIMIT, limits);
      return {
        status,
        headers,
        s3Code: elementOf(body, 'Code', /^[A-Z][A-Za-z]{2,47}$/),
        isListing: body.includes('<ListBucketResult'),
        firstKey: elementOf(body, 'Key', /^[^&<>]{1,1024}$/),
        refusal: status >= 200 && status < 300 ? undefined : s3Error({ status, headers, body }, object),
      };
    } finally {
      response.destroy();
    }
  }

  /** S3 refuses what is signed by a wrong clock. As for downloads, it is signed once more then. */
  async function signed(key: string, operation: UploadOperation, signal: AbortSignal): Promise<BucketAnswer> {
    const request = await signer.sign(key, operation);
    const answer = await answerTo(request, signal);
    const offset = answer.refusal && clockOffset(request, answer.refusal);
    if (offset === undefined) return answer;
    signer.correctClock(offset);
    return answerTo(await signer.sign(key, operation), signal);
  }

  return {
    address: base.href,
    otherHost: other?.hostname,
    head: (signal) => client.open({ ...requestFor(base), method: 'HEAD' }, signal),
    findCredentials: () => signer.findCredentials(),
    list(how, signal) {
      if (how === 'signed') {
        return signed('', { method: 'LIST', prefix: bucket.prefix, after: undefined, atMost: 1 }, signal);
      }
      const place = how === 'unsigned' ? base : other;
      if (place === undefined) return Promise.reject(new Error('There is no other style of address.'));
      return answerTo(requestFor(place, '?list-type=2&max-keys=1'), signal);
    },
    firstByte: (key, signal) => signed(key, { method: 'GET', range: 'bytes=0-0' }, signal),
    close: () => signer.close(),
  };
}

/** The address of a bucket, which the AWS SDK also requests. */
function addressOf(bucket: ResolvedBucket): URL {
  const { name, endpoint } = bucket;
  const aws = endpoint === undefined ? undefined : parseAwsHost(endpoint.hostname);
  if (endpoint !== undefined && aws === undefined) return urlOf(endpoint, addressesAt(endpoint, bucket)[0]);
  const region = bucket.region ?? aws?.region;
  const url = new URL(canonicalAwsBase(name, region));
  if (region !== undefined) url.hostname = url.hostname.replace('s3.amazonaws.com', `s3.${region}.amazonaws.com`);
  if (!name.includes('.')) return url;
  // A certificate of AWS covers one name before its own, so the SDK uses path style.
  return new URL(`https://${url.hostname.replace(`${name}.`, '')}/${name}/`);
}

function otherAddressOf(bucket: ResolvedBucket): URL | undefined {
  const { endpoint } = bucket;
  if (endpoint === undefined) return undefined;
  const address = otherAddressAt(endpoint, bucket);
  // A name before an IP address is no host.
  return URL.canParse(`${endpoint.protocol}//${address.host}`) ? urlOf(endpoint, address) : undefined;
}

function urlOf({ protocol }: URL, { host, root }: Address): URL {
  return new URL(`${protocol}//${host}${root}`);
}

function requestFor(url: URL, query = ''): HttpRequest {
  return {
    protocol: url.protocol === 'http:' ? 'http:' : 'https:',
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? undefined : Number(url.port),
    path: url.pathname + query,
    headers: {},
  };
}
