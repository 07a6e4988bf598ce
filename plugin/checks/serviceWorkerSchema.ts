import * as z from 'zod/mini';
import { parseDuration } from '../amounts.ts';
import { isHttpUrl } from '../endpoint.ts';
import type { Duration } from '../options.ts';
import { BYTES, size } from './sizes.ts';
import { checkedText, text } from './texts.ts';

const BASE = "false, or the path or URL of the API, e.g. '/api/cache'";

const base = checkedText(
  BASE,
  (value) => /^\/(?!\/)/.test(value) || isHttpUrl(value),
  (value) => (/^[\w.-]+(?:\/[\w.-]+)*$/.test(value) ? `Write '/${value}'.` : undefined),
);

/** The option `serviceWorker` by itself. Sizes and durations stay as they were written, since the worker reads them. */
export const serviceWorkerSchema = z.strictObject(
  {
    base: z.optional(z.union([z.literal(false), base], { error: BASE })),
    buckets: z.optional(z.array(text('the name of one of `buckets`'), { error: 'an array of names of `buckets`' })),
    maxSize: z.optional(size(BYTES)),
    maxAge: z.optional(
      z.custom<Duration>((value) => parseDuration(value) !== undefined, {
        error: "a positive number of seconds, or a text such as '30d'",
      }),
    ),
  },
  { error: "false, or an object such as {} or { maxSize: '500MB' }" },
);

interface OptionsAround {
  buckets: readonly (string | { name: string })[];
  serviceWorker?: false | z.infer<typeof serviceWorkerSchema> | undefined;
}

/** Compares `serviceWorker` with the other options. */
export function checkServiceWorker({ value, issues }: z.core.ParsePayload<OptionsAround>): void {
  const { buckets, serviceWorker } = value;
  const listed = buckets.map((bucket) => (typeof bucket === 'string' ? bucket : bucket.name));
  for (const [index, name] of ((serviceWorker || undefined)?.buckets ?? []).entries()) {
    if (listed.includes(name)) continue;
    const names = listed.map((each) => `'${each}'`).join(', ');
    const params = { hint: `There ${listed.length === 1 ? 'is' : 'are'} ${names}.` };
    const path = ['serviceWorker', 'buckets', index];
    issues.push({ code: 'custom', input: name, path, message: 'the name of one of `buckets`', params });
  }
}
