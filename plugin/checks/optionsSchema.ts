import { isIP } from 'node:net';
import { z } from 'zod';
import { parseDuration } from '../duration.ts';
import { isHttpUrl } from '../endpoint.ts';
import { isHostName } from '../names.ts';
import type { Duration, ImageCacheOptions, Size } from '../options.ts';
import { parseSize } from '../size.ts';
import { bucketSchema } from './bucketSchema.ts';
import { checkedText, text, urlIn } from './texts.ts';

const size = (expected: string) => z.custom<Size>((value) => parseSize(value) !== undefined, { error: expected });
const atLeast = (least: number, expected: string) => z.int({ error: expected }).min(least, { error: expected });

/** What a size is, in words. */
export const BYTES = "a positive number of bytes, or a text such as '50MB'";
const CONCURRENCY = "a whole number from 1 to 256, or 'auto'";
const PIXELS = 'a whole number of pixels, from 1 to 16384';
const PERCENT = 'a whole number from 1 to 100';
const MILLISECONDS = 'a whole number of milliseconds, at least 1';

const httpOrigin = checkedText(
  "an origin such as 'https://admin.example.com', without a path or a trailing slash",
  (value) => URL.canParse(value) && new URL(value).origin === value,
  (value) => (isHttpUrl(value) ? `Write '${new URL(value).origin}'.` : undefined),
);

/** As the guard of the API compares them: a name, `.name` for what is below it too. An address needs no entry, and may have one. */
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

const memorySchema = z.strictObject({
  maxSize: size(BYTES).optional(),
  preload: z.boolean({ error: 'true or false' }).optional(),
});

/** What each option accepts. The text is what the developer reads, after "must be", when it is something else. */
export const optionsSchema = z.strictObject(
  {
    buckets: z
      .array(bucketSchema, {
        error: "an array of bucket names or { name, … } objects, e.g. ['team-photos']",
      })
      .min(1, { error: "at least one bucket: nothing is fetched that is not listed, e.g. ['team-photos']" }),
    base: checkedText("a path such as '/api/cache', beginning with a slash and without one at its end", (value) =>
      /^(?:\/[A-Za-z0-9_.~-]+)+$/.test(value),
    ).optional(),
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
      .union(
        [
          z.custom<(actorId: string) => Size | undefined>((value) => typeof value === 'function'),
          z.record(z.string(), size(BYTES)),
        ],
        { error: "{ [actor id]: '100MB' }, or a function of the actor id" },
      )
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
      .strictObject(
        {
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
        },
        { error: 'an object such as { widths: [320, 640], quality: 75 }' },
      )
      .optional(),
    concurrency: z
      .union([z.literal('auto'), atLeast(1, CONCURRENCY).max(256, { error: CONCURRENCY })], { error: CONCURRENCY })
      .optional(),
    timeouts: z
      .strictObject(
        {
          connect: atLeast(1, MILLISECONDS).optional(),
          firstByte: atLeast(1, MILLISECONDS).optional(),
          idle: atLeast(1, MILLISECONDS).optional(),
          total: atLeast(1, MILLISECONDS).optional(),
        },
        { error: 'an object such as { connect: 5_000, idle: 10_000 }, in milliseconds' },
      )
      .optional(),
    durability: z.enum(['full', 'process'], { error: "'full' or 'process'" }).optional(),
    resolveKey: z
      .custom<(url: string) => string | undefined>((value) => typeof value === 'function', { error: 'a function' })
      .optional(),
    allowPrivateAddresses: z.array(bareHost, { error: 'an array of host names' }).optional(),
    allowedOrigins: z.array(httpOrigin, { error: 'an array of origins' }).optional(),
    allowedHosts: z.array(allowedHost, { error: 'an array of host names' }).optional(),
    manage: z
      .custom<NonNullable<ImageCacheOptions['manage']>>((value) => typeof value === 'function', {
        error: 'a function of the request',
      })
      .optional(),
    allowSvg: z.boolean({ error: 'true or false' }).optional(),
    bodyLimit: size(BYTES).optional(),
    logLevel: z.enum(['silent', 'warn', 'info', 'debug'], { error: "'silent', 'warn', 'info' or 'debug'" }).optional(),
  },
  { error: "an object such as { buckets: ['team-photos'] }" },
);
