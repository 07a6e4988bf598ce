import { OFFLINE_VARIABLE } from './protocol.ts';
import type * as z from 'zod/mini';
import { parseSize } from './amounts.ts';
import { describeValue, invalidOption } from './checks/invalidOption.ts';
import { optionsSchema } from './checks/optionsSchema.ts';
import type { serviceWorkerSchema } from './checks/serviceWorkerSchema.ts';
import { BYTES } from './checks/sizes.ts';
import type { uploadsSchema } from './checks/uploadsSchema.ts';
import { configuredEndpoint, type Environment } from './endpoint.ts';
import { ImageCacheError } from './errors.ts';
import type {
  BucketOptions,
  ImageCacheOptions,
  PublicBucket,
  ResolvedBucket,
  ResolvedOptions,
  ResolvedServiceWorker,
  Size,
} from './options.ts';

/**
 * Checks the options, fills in the defaults, and reads the environment. The schema has the default of each option and the unit of
 * its result; here the compiler checks that the result is {@link ResolvedOptions}.
 * @param env environment variables, which may name the endpoint of buckets without one, and switch `offline` on or off
 * @throws ImageCacheError INVALID_OPTION, naming the option, what was expected and what came
 */
export function resolveOptions(options: ImageCacheOptions, env: Environment = process.env): ResolvedOptions {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw invalidOption(options, parsed.error);

  const { memory, concurrency, quotas, manage, metrics, resolveKey, uploads, serviceWorker, ...rest } = parsed.data;
  // From the options and not from the schema's copy of them: credentials may be an object of a class.
  const buckets = options.buckets.map((bucket) => resolveBucket(bucket, env));
  return {
    ...rest,
    imageBase: rest.imageBase?.replace(/\/+$/, ''),
    buckets,
    quotaOf: resolveQuotas(quotas),
    memoryMaxSize: memory === false ? 0 : memory.maxSize,
    memoryPreload: memory !== false && memory.preload,
    concurrency: concurrency === 'auto' ? 16 : concurrency,
    maxConcurrency: concurrency === 'auto' ? 64 : concurrency,
    manage,
    metrics,
    offline: offlineIn(env) ?? rest.offline,
    resolveKey,
    uploads: uploads && resolveUploads(uploads, rest.maxImageSize),
    serviceWorker: serviceWorker && resolveServiceWorker(serviceWorker, buckets),
  };
}

function resolveServiceWorker(
  { base, buckets: names, maxSize, maxAge }: z.output<typeof serviceWorkerSchema>,
  buckets: readonly ResolvedBucket[],
): ResolvedServiceWorker {
  const kept = names === undefined ? buckets : buckets.filter(({ name }) => names.includes(name));
  return { base, buckets: kept.map(publicBucket), maxSize, maxAge };
}

/** An endpoint of the environment is that of the machine that builds, and none of the pages'. */
function publicBucket({ name, endpoint, endpointFrom, forcePathStyle, prefix, cdn }: ResolvedBucket): PublicBucket {
  const isOwn = endpoint !== undefined && endpointFrom === undefined;
  return {
    name,
    ...(isOwn && { endpoint: endpoint.origin + endpoint.pathname, forcePathStyle }),
    ...(prefix !== '' && { prefix }),
    ...(cdn.length > 0 && { cdn }),
  };
}

/** @returns whether the environment says so; `undefined` if it says nothing @throws ImageCacheError INVALID_OPTION */
function offlineIn({ [OFFLINE_VARIABLE]: value = '' }: Environment): boolean | undefined {
  if (value === '') return undefined;
  if (value === '1' || value === 'true') return true;
  if (value === '0' || value === 'false') return false;
  throw new ImageCacheError('INVALID_OPTION', `${OFFLINE_VARIABLE} is ${describeValue(value)}.`, {
    hint: 'It must be 1 to serve only what is in the cache, 0 to ask S3 for the rest, or unset.',
  });
}

/** Of an upload, unless the options say otherwise. */
const MAX_FILE_SIZE = 50e6;
const GRACE_MS = 7 * 24 * 60 * 60_000;

function resolveUploads(
  { isReferenced, references, ...uploads }: z.output<typeof uploadsSchema>,
  maxImageSize: number,
): ResolvedOptions['uploads'] {
  return {
    ...uploads,
    maxFileSize: uploads.maxFileSize ?? Math.min(MAX_FILE_SIZE, maxImageSize),
    project: uploads.project,
    references: references ?? isReferenced,
    gracePeriod: uploads.gracePeriod ?? GRACE_MS,
  };
}

function resolveQuotas(quotas: ImageCacheOptions['quotas']): ResolvedOptions['quotaOf'] {
  if (quotas === undefined) return undefined;
  if (typeof quotas === 'function') return (actorId) => resolveQuota(quotas(actorId));
  const bytes = new Map(Object.entries(quotas).map(([actorId, quota]) => [actorId, parseSize(quota)]));
  return (actorId) => bytes.get(actorId);
}

function resolveQuota(quota: Size | undefined): number | undefined {
  const bytes = parseSize(quota);
  if (bytes !== undefined || quota === undefined) return bytes;
  throw new ImageCacheError('INVALID_OPTION', `imageCache: option \`quotas\` returned ${describeValue(quota)}.`, {
    hint: `It must return ${BYTES}, or undefined for no quota.`,
  });
}

function resolveBucket(bucket: string | BucketOptions, env: Environment): ResolvedBucket {
  const { name, region, endpoint, forcePathStyle, prefix, cdn, credentials } =
    typeof bucket === 'string' ? ({ name: bucket } satisfies BucketOptions as BucketOptions) : bucket;
  const configured = endpoint === undefined ? configuredEndpoint(env) : undefined;
  const url = endpoint === undefined ? configured?.url : new URL(endpoint);
  return {
    name,
    region: region ?? (url === undefined ? undefined : ((configured && env['AWS_REGION']) ?? 'us-east-1')),
    endpoint: url,
    endpointFrom: configured?.variable,
    forcePathStyle: forcePathStyle ?? url !== undefined,
    prefix: prefix ?? '',
    cdn: (cdn ?? []).map((host) => host.toLowerCase()),
    credentials,
  };
}
