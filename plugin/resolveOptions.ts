import { parseDuration, parseSize } from './amounts.ts';
import { describeValue, invalidOption } from './checks/invalidOption.ts';
import { BYTES, optionsSchema } from './checks/optionsSchema.ts';
import { configuredEndpoint, type Environment } from './endpoint.ts';
import { ImageCacheError } from './errors.ts';
import { AUTO_FORMATS } from './formats.ts';
import type { BucketOptions, ImageCacheOptions, ResolvedBucket, ResolvedOptions, Size } from './options.ts';
import { DEFAULT_BASE } from './protocol.ts';

function resolveConcurrency(concurrency: ImageCacheOptions['concurrency'] = 'auto') {
  return concurrency === 'auto'
    ? { concurrency: 16, maxConcurrency: 64 }
    : { concurrency, maxConcurrency: concurrency };
}

/**
 * Checks the options and fills in the defaults.
 * @param env where buckets without an endpoint are looked up
 * @throws ImageCacheError INVALID_OPTION, naming the option, what was expected and what came
 */
export function resolveOptions(options: ImageCacheOptions, env: Environment = process.env): ResolvedOptions {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw invalidOption(options, parsed.error);

  const bytes = (value: Size | undefined, standard: string) => parseSize(value ?? standard) ?? 0;
  return {
    buckets: options.buckets.map((bucket) => resolveBucket(bucket, env)),
    base: options.base ?? DEFAULT_BASE,
    cacheDir: options.cacheDir ?? '.image-cache',
    fallbackDirs: options.fallbackDirs ?? [],
    maxSize: bytes(options.maxSize, '2GB'),
    maxEntries: options.maxEntries ?? 1_000_000,
    maxAge: parseDuration(options.maxAge),
    minFreeSpace: options.minFreeSpace === 0 ? 0 : parseSize(options.minFreeSpace),
    quotaOf: resolveQuotas(options.quotas),
    revalidate: parseDuration(options.revalidate),
    maxImageSize: bytes(options.maxImageSize, '50MB'),
    memoryMaxSize: options.memory === false ? 0 : bytes(options.memory?.maxSize, '256MB'),
    memoryPreload: options.memory !== false && (options.memory?.preload ?? true),
    images: resolveImages(options.images),
    ...resolveConcurrency(options.concurrency),
    timeouts: resolveTimeouts(options.timeouts),
    durability: options.durability ?? 'full',
    resolveKey: options.resolveKey,
    allowPrivateAddresses: (options.allowPrivateAddresses ?? []).map((host) => host.toLowerCase()),
    allowedOrigins: options.allowedOrigins ?? [],
    allowedHosts: options.allowedHosts ?? [],
    manage: options.manage,
    allowSvg: options.allowSvg ?? false,
    bodyLimit: bytes(options.bodyLimit, '4MB'),
    logLevel: options.logLevel ?? 'info',
  };
}

function resolveTimeouts(timeouts: ImageCacheOptions['timeouts']): ResolvedOptions['timeouts'] {
  const { connect = 5_000, firstByte = 15_000, idle = 10_000, total = 120_000 } = timeouts ?? {};
  return { connect, firstByte, idle, total };
}

/** The icons, screens and phones of next/image. */
const WIDTHS = [16, 32, 48, 64, 96, 128, 256, 384, 640, 750, 828, 1080, 1200, 1920, 2048, 3840];

function resolveImages(images: ImageCacheOptions['images']): ResolvedOptions['images'] {
  const {
    widths = WIDTHS,
    formats = AUTO_FORMATS,
    quality = 75,
    placeholder = true,
    store = 'original',
  } = images ?? {};
  return { widths: [...new Set(widths)].toSorted((a, b) => a - b), formats, quality, placeholder, store };
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
