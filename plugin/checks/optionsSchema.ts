import { isIP } from 'node:net';
import * as z from 'zod/mini';
import { parseDuration, parseSize } from '../amounts.ts';
import { isHostName, isHttpUrl } from '../endpoint.ts';
import { AUTO_FORMATS } from '../formats.ts';
import type { Duration, ImageCacheOptions, Size } from '../options.ts';
import { DEFAULT_BASE } from '../protocol.ts';
import { bucketSchema } from './bucketSchema.ts';
import { pageOrigin } from './pageOrigin.ts';
import { checkServiceWorker, serviceWorkerSchema } from './serviceWorkerSchema.ts';
import { BYTES, bytes, size } from './sizes.ts';
import { checkedText, directory, urlIn } from './texts.ts';
import { checkUploads, uploadsSchema } from './uploadsSchema.ts';

const atLeast = (least: number, expected: string) =>
  z.int({ error: expected }).check(z.minimum(least, { error: expected }));

const CONCURRENCY = "a whole number from 1 to 256, or 'auto'";
const PIXELS = 'a whole number of pixels, from 1 to 16384';
const PERCENT = 'a whole number from 1 to 100';
const MILLISECONDS = 'a whole number of milliseconds, at least 1';

/** As the guard compares hosts: `name`, or `.name` to include its subdomains. An IP address is allowed, but not needed. */
const isAllowedHost = (value: string) =>
  isIP(value.replace(/^\[|\]$/g, '')) !== 0 || isHostName(value.replace(/^\./, '').replace(/\.$/, ''));

const allowedHost = checkedText(
  "a host name without scheme, port or path, e.g. 'app.example.com', or '.example.com' for it and its subdomains",
  isAllowedHost,
  (value) => {
    const hostname = urlIn(value.replace('*.', '.'))?.hostname;
    return hostname !== undefined && isAllowedHost(hostname) ? `Write '${hostname}'.` : undefined;
  },
);

const bareHost = checkedText(
  "a host name without scheme, port or path, e.g. 'img.example.com'",
  isHostName,
  (value) => {
    const hostname = urlIn(value)?.hostname;
    return hostname !== undefined && isHostName(hostname) ? `Write '${hostname}'.` : undefined;
  },
);

const BUCKETS = "an array of bucket names or { name, … } objects, e.g. ['team-photos']";
const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Refuses a bucket that is listed twice: the second entry would have no effect. */
function refuseTwins({ value: buckets, issues }: z.core.ParsePayload<z.infer<typeof bucketSchema>[]>): void {
  const seen = new Set<string>();
  for (const [index, bucket] of buckets.entries()) {
    const { name, endpoint = '', prefix = '', forcePathStyle } = typeof bucket === 'string' ? toObject(bucket) : bucket;
    // A bucket at a server that answers to both styles may be listed once for each.
    const place = JSON.stringify([name, endpoint, prefix, forcePathStyle]);
    if (seen.has(place)) {
      const message = `another bucket than ${name}, which is listed above`;
      const params = { hint: 'Remove it: only the first entry is used.' };
      issues.push({ code: 'custom', input: bucket, path: [index], message, params });
    }
    seen.add(place);
  }
}

function toObject(name: string): { name: string; endpoint?: string; prefix?: string; forcePathStyle?: boolean } {
  return { name };
}

const isBase = (value: string) => /^(?:\/[A-Za-z0-9_.~-]+)+$/.test(value);

function hintForBase(value: string): string | undefined {
  if (isHttpUrl(value)) {
    return `It is a path of this server: write '${new URL(value).pathname}'. For the API of another server, call configureImageCache({ base }) in the page.`;
  }
  const path = `/${value.replace(/^\/+|\/+$/g, '')}`;
  return isBase(path) ? `Write '${path}'.` : undefined;
}

const flag = (standard: boolean) => z._default(z.boolean({ error: 'true or false' }), standard);
const milliseconds = (standard: number) => z._default(atLeast(1, MILLISECONDS), standard);

const memorySchema = z.strictObject({ maxSize: bytes('256MB'), preload: flag(true) });

/** The default widths of next/image, for icons, phones and screens. */
const WIDTHS = [16, 32, 48, 64, 96, 128, 256, 384, 640, 750, 828, 1080, 1200, 1920, 2048, 3840];

/**
 * What each option accepts, its default, and how it is converted. The text in `error` completes the message "option … must be" for
 * a wrong value.
 */
export const optionsSchema = z
  .strictObject(
    {
      buckets: z
        .array(bucketSchema, {
          error: ({ input }) =>
            typeof input === 'string' || isObject(input) ? `${BUCKETS}: put it into brackets` : BUCKETS,
        })
        .check(
          z.minLength(1, { error: "at least one bucket: nothing is fetched that is not listed, e.g. ['team-photos']" }),
          refuseTwins,
        ),
      base: z._default(
        checkedText(
          "a path such as '/api/cache', beginning with a slash and without one at its end",
          isBase,
          hintForBase,
        ),
        DEFAULT_BASE,
      ),
      imageBase: z.optional(
        checkedText(
          "the full URL of the API at a CDN, e.g. 'https://d111111abcdef8.cloudfront.net/api/cache'",
          (value) => isHttpUrl(value) && !/[?#]/.test(value),
        ),
      ),
      cacheDir: z._default(directory, '.image-cache'),
      fallbackDirs: z._default(z.array(directory, { error: 'an array of directories' }), []),
      maxSize: bytes('2GB'),
      maxEntries: z._default(atLeast(1, 'a whole number, at least 1'), 1_000_000),
      /** Milliseconds. */
      maxAge: z.pipe(
        z.optional(
          z.custom<Duration>((value) => parseDuration(value) !== undefined, {
            error: "a positive number of seconds, or a text such as '30d'",
          }),
        ),
        z.transform((duration: Duration | undefined) => parseDuration(duration)),
      ),
      minFreeSpace: z.pipe(
        z.optional(z.custom<Size>((value) => value === 0 || parseSize(value) !== undefined, { error: `0, ${BYTES}` })),
        z.transform((value) => (value === 0 ? 0 : parseSize(value))),
      ),
      quotas: z.optional(
        z.union(
          [
            z.custom<(actorId: string) => Size | undefined>((value) => typeof value === 'function'),
            z.record(z.string(), size(BYTES)),
          ],
          { error: "{ [actor id]: '100MB' }, or a function of the actor id" },
        ),
      ),
      /** Milliseconds. */
      revalidate: z.pipe(
        z.optional(
          z.custom<Duration | false>((value) => value === false || parseDuration(value) !== undefined, {
            error: "false, a positive number of seconds, or a text such as '1h'",
          }),
        ),
        z.transform((duration: Duration | false | undefined) => parseDuration(duration)),
      ),
      maxImageSize: bytes('50MB'),
      memory: z.prefault(
        z.union([z.literal(false), memorySchema], { error: "false, or { maxSize: '256MB', preload: true }" }),
        {},
      ),
      images: z.prefault(
        z.strictObject(
          {
            widths: z.pipe(
              z._default(
                z
                  .array(atLeast(1, PIXELS).check(z.maximum(16_384, { error: PIXELS })), {
                    error: 'an array of widths in pixels',
                  })
                  .check(z.minLength(1, { error: 'at least one width in pixels' })),
                WIDTHS,
              ),
              z.transform((widths: number[]) => [...new Set(widths)].toSorted((a, b) => a - b)),
            ),
            formats: z._default(
              z.array(z.enum(AUTO_FORMATS, { error: "'avif' or 'webp'" }), {
                error: "an array of 'avif' and 'webp'",
              }),
              [...AUTO_FORMATS],
            ),
            quality: z._default(atLeast(1, PERCENT).check(z.maximum(100, { error: PERCENT })), 75),
            placeholder: flag(true),
            store: z._default(
              z.enum(['original', 'webp', 'webp-lossy'], { error: "'original', 'webp' or 'webp-lossy'" }),
              'original',
            ),
          },
          { error: 'an object such as { widths: [320, 640], quality: 75 }' },
        ),
        {},
      ),
      concurrency: z._default(
        z.union([z.literal('auto'), atLeast(1, CONCURRENCY).check(z.maximum(256, { error: CONCURRENCY }))], {
          error: CONCURRENCY,
        }),
        'auto',
      ),
      timeouts: z.prefault(
        z.strictObject(
          {
            connect: milliseconds(5_000),
            firstByte: milliseconds(15_000),
            idle: milliseconds(10_000),
            total: milliseconds(120_000),
          },
          { error: 'an object such as { connect: 5_000, idle: 10_000 }, in milliseconds' },
        ),
        {},
      ),
      durability: z._default(z.enum(['full', 'process'], { error: "'full' or 'process'" }), 'full'),
      resolveKey: z.optional(
        z.custom<(url: string) => string | undefined>((value) => typeof value === 'function', { error: 'a function' }),
      ),
      allowPrivateAddresses: z.pipe(
        z._default(z.array(bareHost, { error: 'an array of host names' }), []),
        z.transform((hosts: string[]) => hosts.map((host) => host.toLowerCase())),
      ),
      allowedOrigins: z._default(z.array(pageOrigin, { error: 'an array of origins' }), []),
      allowedHosts: z._default(z.array(allowedHost, { error: 'an array of host names' }), []),
      manage: z.optional(
        z.custom<NonNullable<ImageCacheOptions['manage']>>((value) => typeof value === 'function', {
          error: 'a function of the request',
        }),
      ),
      uploads: z.optional(uploadsSchema),
      serviceWorker: z.optional(
        z.union([z.literal(false), serviceWorkerSchema], {
          error: "false, or an object such as {} or { maxSize: '500MB' }",
        }),
      ),
      offline: flag(false),
      metrics: z.optional(z.boolean({ error: 'true or false' })),
      overlay: flag(false),
      allowSvg: flag(false),
      bodyLimit: bytes('4MB'),
      logLevel: z._default(
        z.enum(['silent', 'warn', 'info', 'debug'], { error: "'silent', 'warn', 'info' or 'debug'" }),
        'info',
      ),
    },
    { error: "an object such as { buckets: ['team-photos'] }" },
  )
  .check(checkUploads, checkServiceWorker);
