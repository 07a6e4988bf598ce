import { isAbsolute, relative, resolve, sep } from 'node:path';
import * as z from 'zod/mini';
import { parseDuration, parseSize } from '../amounts.ts';
import type { Duration, Size } from '../options.ts';
import { BYTES, bytes, size } from './sizes.ts';
import { checkedText, directory, text } from './texts.ts';

/** What is left out ends a URL in Markdown, or is no part of one in a text. */
const PREFIX = "the beginning of a key such as 'uploads', without a slash at its ends";
const isPrefix = (value: string) =>
  value === '' || value.split('/').every((part) => /^[\w.~-]+$/.test(part) && !/^\.+$/.test(part));

const prefix = checkedText(PREFIX, isPrefix, (value) => {
  const trimmed = value.replace(/^\/+|\/+$/g, '');
  return isPrefix(trimmed)
    ? `Write '${trimmed}'.`
    : 'It can contain letters, digits and the characters _ . ~ -, so that URLs in texts are found.';
});

const project = checkedText(
  "a name such as 'my-app', of at most 100 letters, digits and signs of ASCII",
  (value) => /^[\x21-\x7e]{1,100}$/.test(value), // it is sent as a header
);

/** The option `uploads` by itself. */
export const uploadsSchema = z.strictObject(
  {
    bucket: text("the name of one of `buckets`, e.g. 'team-photos'"),
    prefix: z._default(prefix, 'uploads'),
    /** Bytes; its default depends on `maxImageSize`. */
    maxFileSize: z.pipe(
      z.optional(size(BYTES)),
      z.transform((value: Size | undefined) => parseSize(value)),
    ),
    maxOutboxSize: bytes('1GB'),
    /** Milliseconds. */
    wait: z.pipe(
      z._default(
        z.custom<Duration>((value) => value === 0 || parseDuration(value) !== undefined, {
          error: "0, a positive number of seconds, or a text such as '10s'",
        }),
        10,
      ),
      z.transform((value: Duration) => parseDuration(value) ?? 0),
    ),
    project: z.optional(project),
    outboxDir: z._default(directory, '.image-outbox'),
    references: z.optional(z.literal('bucket', { error: "'bucket'" })),
    isReferenced: z.optional(
      z.custom<(imageId: string) => boolean | Promise<boolean>>((value) => typeof value === 'function', {
        error: 'a function of the id of a picture',
      }),
    ),
    /** Milliseconds; `undefined` for a week, which is not the same: it means nothing where nothing is deleted. */
    gracePeriod: z.pipe(
      z.optional(
        z.custom<Duration>((value) => value === 0 || parseDuration(value) !== undefined, {
          error: "0, a positive number of seconds, or a text such as '7d'",
        }),
      ),
      z.transform((value: Duration | undefined) => (value === undefined ? undefined : (parseDuration(value) ?? 0))),
    ),
    restoreMissing: z._default(z.boolean({ error: 'true or false' }), false),
  },
  { error: "an object such as { bucket: 'team-photos' }" },
);

const MIN_ANSWERED_GRACE_MS = 60 * 60_000;

interface OptionsAround {
  buckets: readonly (string | { name: string; prefix?: string | undefined })[];
  cacheDir: string;
  maxImageSize: number;
  uploads?: z.infer<typeof uploadsSchema> | undefined;
}

/** Compares `uploads` with the other options. */
export function checkUploads({ value, issues }: z.core.ParsePayload<OptionsAround>): void {
  const { buckets, cacheDir, maxImageSize, uploads } = value;
  if (uploads === undefined) return;
  const refuse = (name: keyof typeof uploads, message: string, hint?: string) => {
    issues.push({ code: 'custom', input: uploads[name], path: ['uploads', name], message, params: { hint } });
  };
  const listed = buckets.map((bucket) => (typeof bucket === 'string' ? { name: bucket } : bucket));
  const targets = listed.filter(({ name }) => name === uploads.bucket);
  if (targets.length === 0) {
    const names = listed.map(({ name }) => `'${name}'`).join(', ');
    refuse('bucket', 'the name of one of `buckets`', `There ${listed.length === 1 ? 'is' : 'are'} ${names}.`);
    return;
  }
  const start = uploads.prefix === '' ? '' : `${uploads.prefix}/`;
  if (!targets.some((bucket) => start.startsWith(bucket.prefix ?? ''))) {
    refuse(
      'prefix',
      `inside the \`prefix\` of the bucket, '${targets[0]?.prefix}'`,
      'Only keys that begin with that can be read again.',
    );
  }
  if ((uploads.maxFileSize ?? 0) > maxImageSize) {
    refuse('maxFileSize', 'at most `maxImageSize`', 'Raise `maxImageSize`: a larger picture could not be read again.');
  }
  const { references, isReferenced, gracePeriod } = uploads;
  if (references !== undefined && isReferenced !== undefined) {
    refuse('isReferenced', 'left out where `references` is set', 'One of the two says what uses a picture.');
  }
  if (references === undefined && isReferenced === undefined && gracePeriod !== undefined) {
    refuse(
      'gracePeriod',
      'left out where nothing is deleted',
      "Set `references: 'bucket'` or `isReferenced`, so that the server can know what uses a picture.",
    );
  }
  if (isReferenced !== undefined && gracePeriod !== undefined && gracePeriod < MIN_ANSWERED_GRACE_MS) {
    refuse(
      'gracePeriod',
      'at least an hour with `isReferenced`',
      "The app may hear of a new picture a while after the bucket has it. `references: 'bucket'` needs no such time.",
    );
  }
  if (isInside(cacheDir, uploads.outboxDir) || isInside(uploads.outboxDir, cacheDir)) {
    refuse(
      'outboxDir',
      'a directory outside of `cacheDir`',
      'A cache may be removed at any time, and uploads may not.',
    );
  }
}

function isInside(outer: string, inner: string): boolean {
  const way = relative(resolve(outer), resolve(inner));
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
