import { z } from 'zod';
import { ImageCacheError } from './errors.ts';
import { parseDuration } from './duration.ts';
import type { BucketOptions, Duration, ImageCacheOptions, ResolvedBucket, ResolvedOptions, Size } from './options.ts';
import { DEFAULT_BASE } from './protocol.ts';
import { parseSize } from './size.ts';

/** What each option accepts. The text is what the developer reads when it is something else. */
const size = (expected: string) => z.custom<Size>((value) => parseSize(value) !== undefined, { error: expected });
const atLeast = (least: number, expected: string) => z.int({ error: expected }).min(least, { error: expected });
const text = (expected: string) => z.string({ error: expected }).min(1, { error: expected });

const BYTES = "a positive number of bytes, or a text such as '50MB'";
const CONCURRENCY = "a whole number from 1 to 256, or 'auto'";
const PIXELS = 'a whole number of pixels, from 1 to 16384';
const PERCENT = 'a whole number from 1 to 100';
const MILLISECONDS = 'a whole number of milliseconds, at least 1';

const hostName = z.string().regex(/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/i, {
  error: "a host name without scheme, port or path, e.g. 'img.example.com'",
});

const httpOrigin = z.string().refine((value) => URL.canParse(value) && new URL(value).origin === value, {
  error: "an origin such as 'https://admin.example.com', without a path or a trailing slash",
});

const httpEndpoint = z.string().refine((value) => URL.canParse(value) && /^https?:$/.test(new URL(value).protocol), {
  error: "an http(s) URL such as 'https://s3.example.com'",
});

const bucketSchema = z.strictObject({
  name: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{1,254}$/, {
    error: "a bucket's name such as 'team-photos', without s3:// or a path",
  }),
  region: text("a region such as 'eu-central-1'").optional(),
  endpoint: httpEndpoint.optional(),
  forcePathStyle: z.boolean({ error: 'true or false' }).optional(),
  prefix: z.string({ error: "a key prefix such as 'actors/'" }).optional(),
  cdn: z.array(hostName, { error: 'an array of host names' }).optional(),
  credentials: z
    .custom<NonNullable<BucketOptions['credentials']>>(
      (value) =>
        typeof value === 'function' ||
        (typeof value === 'object' && value !== null && 'accessKeyId' in value && 'secretAccessKey' in value),
      { error: '{ accessKeyId, secretAccessKey, sessionToken? } or a provider function' },
    )
    .optional(),
});

const memorySchema = z.strictObject({
  maxSize: size(BYTES).optional(),
  preload: z.boolean({ error: 'true or false' }).optional(),
});

const optionsSchema = z.strictObject({
  buckets: z
    .array(z.union([bucketSchema.shape.name, bucketSchema]), {
      error: "an array of bucket names or { name, … } objects, e.g. ['team-photos']",
    })
    .min(1, { error: "at least one bucket: nothing is fetched that is not listed, e.g. ['team-photos']" }),
  base: z
    .string()
    .regex(/^(?:\/[A-Za-z0-9_.~-]+)+$/, {
      error: "a path such as '/api/cache', beginning with a slash and without one at its end",
    })
    .optional(),
  cacheDir: text("a directory such as '.image-cache'").optional(),
  fallbackDirs: z
    .array(text("a directory such as '../shared/.image-cache'"), { error: 'an array of directories' })
    .optional(),
  maxSize: size(BYTES).optional(),
  maxEntries: atLeast(1, 'a whole number, at least 1').optional(),
  maxAge: z
    .custom<Duration>((value) => parseDuration(value) !== undefined, {
      error: "a positive number of seconds, or a text such as '30d'",
    })
    .optional(),
  minFreeSpace: z
    .custom<Size>((value) => value === 0 || parseSize(value) !== undefined, { error: `0, ${BYTES}` })
    .optional(),
  quotas: z
    .union([
      z.custom<(actorId: string) => Size | undefined>((value) => typeof value === 'function', { error: 'a function' }),
      z.record(z.string(), size(BYTES), { error: "{ [actor id]: '100MB' }, or a function of the actor id" }),
    ])
    .optional(),
  revalidate: z
    .custom<Duration | false>((value) => value === false || parseDuration(value) !== undefined, {
      error: "false, a positive number of seconds, or a text such as '1h'",
    })
    .optional(),
  maxImageSize: size(BYTES).optional(),
  memory: z
    .union([z.literal(false), memorySchema], { error: "false, or { maxSize: '256MB', preload: true }" })
    .optional(),
  images: z
    .strictObject({
      widths: z
        .array(atLeast(1, PIXELS).max(16_384, { error: PIXELS }), { error: 'an array of widths in pixels' })
        .min(1, { error: 'at least one width in pixels' })
        .optional(),
      formats: z
        .array(z.enum(['avif', 'webp'], { error: "'avif' or 'webp'" }), { error: "an array of 'avif' and 'webp'" })
        .optional(),
      quality: atLeast(1, PERCENT).max(100, { error: PERCENT }).optional(),
      placeholder: z.boolean({ error: 'true or false' }).optional(),
      store: z.enum(['original', 'webp'], { error: "'original' or 'webp'" }).optional(),
    })
    .optional(),
  concurrency: z
    .union([z.literal('auto'), atLeast(1, CONCURRENCY).max(256, { error: CONCURRENCY })], { error: CONCURRENCY })
    .optional(),
  timeouts: z
    .strictObject({
      connect: atLeast(1, MILLISECONDS).optional(),
      firstByte: atLeast(1, MILLISECONDS).optional(),
      idle: atLeast(1, MILLISECONDS).optional(),
      total: atLeast(1, MILLISECONDS).optional(),
    })
    .optional(),
  durability: z.enum(['full', 'process'], { error: "'full' or 'process'" }).optional(),
  resolveKey: z
    .custom<(url: string) => string | undefined>((value) => typeof value === 'function', { error: 'a function' })
    .optional(),
  allowedOrigins: z.array(httpOrigin, { error: 'an array of origins' }).optional(),
  allowedHosts: z.array(text('a host name'), { error: 'an array of host names' }).optional(),
  allowSvg: z.boolean({ error: 'true or false' }).optional(),
  bodyLimit: size(BYTES).optional(),
  logLevel: z.enum(['silent', 'warn', 'info', 'debug'], { error: "'silent', 'warn', 'info' or 'debug'" }).optional(),
});

function resolveConcurrency(concurrency: ImageCacheOptions['concurrency'] = 'auto') {
  return concurrency === 'auto'
    ? { concurrency: 16, maxConcurrency: 64 }
    : { concurrency, maxConcurrency: concurrency };
}

/**
 * Checks the options and fills in the defaults.
 * @throws ImageCacheError INVALID_OPTION, naming the option, what was expected and what came
 */
export function resolveOptions(options: ImageCacheOptions): ResolvedOptions {
  const parsed = optionsSchema.safeParse(options);
  if (!parsed.success) throw invalidOption(options, parsed.error);

  const bytes = (value: Size | undefined, standard: string) => parseSize(value ?? standard) ?? 0;
  return {
    buckets: options.buckets.map(resolveBucket),
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
    timeouts: { connect: 5_000, firstByte: 15_000, idle: 10_000, total: 120_000, ...options.timeouts },
    durability: options.durability ?? 'full',
    resolveKey: options.resolveKey,
    allowedOrigins: options.allowedOrigins ?? [],
    allowedHosts: options.allowedHosts ?? [],
    allowSvg: options.allowSvg ?? false,
    bodyLimit: bytes(options.bodyLimit, '4MB'),
    logLevel: options.logLevel ?? 'info',
  };
}

/** The icons, screens and phones of next/image. */
const WIDTHS = [16, 32, 48, 64, 96, 128, 256, 384, 640, 750, 828, 1080, 1200, 1920, 2048, 3840];

function resolveImages(images: ImageCacheOptions['images']): ResolvedOptions['images'] {
  const {
    widths = WIDTHS,
    formats = ['avif', 'webp'],
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
  throw new ImageCacheError('INVALID_OPTION', `imageCache: option \`quotas\` returned ${describe(quota)}.`, {
    hint: `It must return ${BYTES}, or undefined for no quota.`,
  });
}

function resolveBucket(bucket: string | BucketOptions): ResolvedBucket {
  const { name, region, endpoint, forcePathStyle, prefix, cdn, credentials } =
    typeof bucket === 'string' ? ({ name: bucket } satisfies BucketOptions as BucketOptions) : bucket;
  return {
    name,
    region: region ?? (endpoint === undefined ? undefined : 'us-east-1'),
    endpoint: endpoint === undefined ? undefined : new URL(endpoint),
    forcePathStyle: forcePathStyle ?? endpoint !== undefined,
    prefix: prefix ?? '',
    cdn: (cdn ?? []).map((host) => host.toLowerCase()),
    credentials,
  };
}

function invalidOption(options: unknown, error: z.ZodError): ImageCacheError {
  const issue = deepest(error.issues);
  const path = issue?.path ?? [];
  if (issue?.code === 'unrecognized_keys') {
    const name = [...path, ...issue.keys.slice(0, 1)].join('.');
    return new ImageCacheError('INVALID_OPTION', `imageCache: there is no option \`${name}\`.`, {
      hint: 'Check the spelling; the README lists every option.',
    });
  }
  const came = path.reduce<unknown>(
    (value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key],
    options,
  );
  const where = path.length === 0 ? 'the options' : `option \`${path.join('.')}\``;
  return new ImageCacheError(
    'INVALID_OPTION',
    `imageCache: ${where} must be ${issue?.message ?? 'valid'}; got ${describe(came)}.`,
  );
}

/** A union reports each of its branches; the one that got furthest into the value is the one that was meant. */
function deepest(issues: readonly z.core.$ZodIssue[], base: PropertyKey[] = []): z.core.$ZodIssue | undefined {
  const [issue] = issues;
  if (issue === undefined) return undefined;
  const at = { ...issue, path: [...base, ...issue.path] };
  if (issue.code !== 'invalid_union') return at;
  const meant = issue.errors
    .map((branch) => deepest(branch, at.path))
    .find(
      (branch) => branch !== undefined && (branch.path.length > at.path.length || branch.code === 'unrecognized_keys'),
    );
  return meant ?? at;
}

/** The value that came, short and without its content where that may be a secret. */
function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (typeof value === 'string') return value.length <= 80 ? `'${value}'` : `a text of ${value.length} characters`;
  return Array.isArray(value) ? `an array of ${value.length}` : 'an object';
}
