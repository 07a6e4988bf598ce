import { ImageCacheError } from './errors.ts';

const BUCKET_NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{1,254}$/;
const HOST_NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i;

/** Whether the text can be the name of a bucket, at AWS or at another S3 server. */
export function isBucketName(text: string): boolean {
  return BUCKET_NAME.test(text);
}

/** Whether the text is just a host name or an IPv4 address, without a scheme, a port, a path or an empty part. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && HOST_NAME.test(text);
}

/** Whether the text is the URL of a server. The options accept only such URLs, so hints propose only such URLs. */
export function isEndpoint(text: string): boolean {
  return isHttpUrl(text) && !hasUnsetPart(new URL(text));
}

/** Whether the text is a URL of http or https. */
export function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/**
 * Whether a part of the host name looks like the value of an unset variable: empty, as in a shell, or the word `undefined`, as in
 * JavaScript. A single dot at the end is allowed: it is the root of DNS.
 */
export function hasUnsetPart({ hostname }: URL): boolean {
  const parts = hostname.replace(/\.$/, '').split('.');
  return parts.includes('') || parts.includes('undefined');
}

/** The part of the path before the bucket, without a slash at its end: `/storage/v1/s3` at Supabase. */
export function pathOf(endpoint: URL): string {
  return endpoint.pathname.replace(/\/+$/, '');
}

/** Whether the endpoint contains the bucket by mistake. URLs of the bucket would then name it twice. */
export function endsInBucket(endpoint: URL, bucket: string): boolean {
  return pathOf(endpoint).endsWith(`/${bucket}`);
}

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The first of these variables that is set is used, as in the AWS SDK. */
const VARIABLES = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'];

/** An endpoint from the environment. */
export interface ConfiguredEndpoint {
  readonly url: URL;
  /** The variable that it came from. */
  readonly variable: string;
}

/**
 * The endpoint that the environment names for S3, by the variables that the AWS CLI and SDKs share
 * (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html); `undefined` for AWS itself.
 * Limit: `endpoint_url` in the profile is not used, because profiles are files, and none is read before the first bare URL.
 * @throws ImageCacheError INVALID_OPTION
 */
export function configuredEndpoint(env: Environment): ConfiguredEndpoint | undefined {
  if (env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS']?.toLowerCase() === 'true') return undefined;
  for (const variable of VARIABLES) {
    const value = env[variable];
    if (value === undefined || value === '') continue;
    if (isEndpoint(value)) return { url: new URL(value), variable };
    throw new ImageCacheError(
      'INVALID_OPTION',
      `imageCache: ${variable} must be an http(s) URL such as 'http://localhost:4566'.`,
      {
        hint: `It is used for buckets without \`endpoint\`. Set ${variable} to a URL with its scheme, unset it, or set \`endpoint\` of the bucket.`,
      },
    );
  }
  return undefined;
}
