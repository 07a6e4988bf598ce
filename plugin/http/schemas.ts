import { z } from 'zod';
import { metaProblem } from '../cache/index.ts';
import type {
  ErrorCode,
  ImageMeta,
  InvalidateRequest,
  PinRequest,
  PrefetchImage,
  PrefetchRequest,
} from '../protocol.ts';
import { actorIdProblem } from './actorId.ts';

/** A wrong value gets the code of its field, whatever is wrong with it. */
function text(code: ErrorCode, problemOf: (value: string) => string | undefined) {
  return z.unknown().transform((value, context): string => {
    const problem = typeof value === 'string' ? problemOf(value) : 'must be a text';
    if (problem === undefined) return String(value);
    context.addIssue({ code: 'custom', message: problem, params: { code } });
    return z.NEVER;
  });
}

/** In one request: more of them would hold up the event loop, before anything is done, for longer than a frame or two. */
const MAX_IMAGES = 10_000;

/** A list, of which only the length is looked at: each element costs some time, and is left to `parseList`. */
function list(what: string) {
  return z.array(z.unknown(), { error: 'must be a list' }).max(MAX_IMAGES, `must have at most ${MAX_IMAGES} ${what}`);
}
const MAX_URL_LENGTH = 16_384;
const MAX_FILENAME_LENGTH = 1024;

const url = text('INVALID_URL', (value) => {
  if (value === '') return 'must not be empty';
  return value.length > MAX_URL_LENGTH ? `must have at most ${MAX_URL_LENGTH} characters` : undefined;
});

const actorId = text('INVALID_ACTOR_ID', actorIdProblem);

const filename = text('INVALID_FILENAME', (value) => {
  if (value.includes('\0')) return 'must not hold a NUL';
  return value.length > MAX_FILENAME_LENGTH ? `must have at most ${MAX_FILENAME_LENGTH} characters` : undefined;
});

const meta = z.unknown().transform((value, context): ImageMeta => {
  const problem = metaProblem(value);
  if (problem === undefined) return value as ImageMeta; // metaProblem refuses all but plain objects of JSON
  context.addIssue({ code: 'custom', message: problem });
  return z.NEVER;
});

/** For the screen in one request: as many as a page can have near its screen, and few enough that none waits for long. */
const MAX_VISIBLE_IMAGES = 1000;

/** Of the images, each is a {@link prefetchImageSchema}. */
export const prefetchSchema: z.ZodType<Omit<PrefetchRequest, 'images'> & { images: unknown[] }> = z
  .object({
    actor_id: actorId,
    images: list('images'),
    priority: z
      .enum(['visible', 'high', 'normal'], { error: "must be 'visible', 'high' or 'normal'" })
      .default('normal'),
    revalidate: z.boolean({ error: 'must be true or false' }).default(false),
  })
  .superRefine(({ images, priority }, context) => {
    if (priority !== 'visible' || images.length <= MAX_VISIBLE_IMAGES) return;
    context.addIssue({
      code: 'custom',
      path: ['images'],
      message: `must have at most ${MAX_VISIBLE_IMAGES} images with the priority 'visible'`,
      params: { hint: "Name those that are nearest to the screen. What is to come later can be fetched with 'high'." },
    });
  });

export const prefetchImageSchema: z.ZodType<PrefetchImage> = z
  .object({
    s3_url: url,
    actor_id: actorId.optional(),
    filename: filename.optional(),
    meta: meta.optional(),
  })
  .transform(withoutUndefined);

/** Of the URLs, each is a {@link urlSchema}. */
export const lookupSchema = z.object({ urls: list('URLs') });

export const urlSchema: z.ZodType<string> = url;

export const invalidateSchema: z.ZodType<InvalidateRequest> = z.object({ s3_url: url });

const pinned = z.boolean({ error: 'must be true or false' }).default(true);

export const pinSchema: z.ZodType<PinRequest> = z
  .strictObject({ s3_url: url.optional(), actor_id: actorId.optional(), pinned })
  .transform(({ s3_url, actor_id, ...rest }, context) => {
    if (s3_url !== undefined && actor_id === undefined) return { s3_url, ...rest };
    if (actor_id !== undefined && s3_url === undefined) return { actor_id, ...rest };
    context.addIssue({ code: 'custom', message: 'must name either an `s3_url` or an `actor_id`' });
    return z.NEVER;
  });

/** An optional field that was not sent is absent, and not there with the value `undefined`. */
function withoutUndefined({
  s3_url,
  actor_id,
  filename,
  meta,
}: {
  s3_url: string;
  actor_id?: string | undefined;
  filename?: string | undefined;
  meta?: ImageMeta | undefined;
}): PrefetchImage {
  return {
    s3_url,
    ...(actor_id !== undefined && { actor_id }),
    ...(filename !== undefined && { filename }),
    ...(meta !== undefined && { meta }),
  };
}
