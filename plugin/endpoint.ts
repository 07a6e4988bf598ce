import { ImageCacheError } from './errors.ts';

const BUCKET_NAME = /^[a-zA-Z0-9][a-zA-Z0-9._-]{1,254}$/;
const HOST_NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/i;

/** Whether the text can be the name of a bucket, at AWS or at a server that speaks S3. */
export function isBucketName(text: string): boolean {
  return BUCKET_NAME.test(text);
}

/** Whether the text is a host name or an IPv4 address, and nothing else: without a scheme, a port, a path or an empty part. */
export function isHostName(text: string): boolean {
  return text.length <= 253 && HOST_NAME.test(text);
}

/** Whether the text is the URL of a server. The options take no other, so hints propose no other. */
export function isEndpoint(text: string): boolean {
  return isHttpUrl(text) && !hasUnsetPart(new URL(text));
}

/** Whether the text is a URL of http or https. */
export function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/**
 * Whether a part of the host name is what an unset variable leaves behind: nothing in a shell, the word `undefined` in
 * JavaScript. One dot at the very end is the root of DNS.
 */
export function hasUnsetPart({ hostname }: URL): boolean {
  const parts = hostname.replace(/\.$/, '').split('.');
  return parts.includes('') || parts.includes('undefined');
}

/** What comes before the bucket in the path, without a slash at its end. Supabase has `/storage/v1/s3`. */
export function pathOf(endpoint: URL): string {
  return endpoint.pathname.replace(/\/+$/, '');
}

/** Whether the bucket was written where only its server belongs; each of its URLs would name it twice. */
export function endsInBucket(endpoint: URL, bucket: string): boolean {
  return pathOf(endpoint).endsWith(`/${bucket}`);
}

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The first that is set counts, as for the AWS SDK. */
const VARIABLES = ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL'];

/** Where the environment says that S3 is. */
export interface ConfiguredEndpoint {
  readonly url: URL;
  /** The variable that says so. */
  readonly variable: string;
}

/**
 * The endpoint that the environment names for S3, by the variables that the AWS CLI and SDKs share
 * (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html); `undefined` for AWS itself.
 * Limit: `endpoint_url` in the profile is not read: it takes files, which are not looked at before the first bare URL.
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
        hint: `A bucket without \`endpoint\` is looked for there. Set ${variable} to a URL with its scheme, unset it, or set \`endpoint\` of the bucket.`,
      },
    );
  }
  return undefined;
}
