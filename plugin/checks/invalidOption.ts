import type * as z from 'zod/mini';
import { ImageCacheError } from '../errors.ts';
import { hintForUnknown } from './nearestOption.ts';
import { optionsSchema } from './optionsSchema.ts';
import { UNSET } from './texts.ts';

/** The refusal of options, naming the first that is wrong, what was expected, what came, and where it helps, what to write. */
export function invalidOption(options: unknown, error: z.core.$ZodError): ImageCacheError {
  const issue = deepest(error.issues);
  const path = issue?.path ?? [];
  if (issue?.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const name = [...path, key].join('.');
    return new ImageCacheError('INVALID_OPTION', `imageCache: there is no option \`${name}\`.`, {
      hint: hintForUnknown(optionsSchema, path, key) ?? 'Check the spelling; docs/options.md lists every option.',
    });
  }
  const came = valueAt(options, path);
  const where = path.length === 0 ? 'the options' : `option \`${path.join('.')}\``;
  const shown = path.includes('credentials') ? kindOf(came) : describeValue(came);
  return new ImageCacheError(
    'INVALID_OPTION',
    `imageCache: ${where} must be ${issue?.message ?? 'valid'}; got ${shown}.`,
    { hint: hintOf(issue) ?? (isUnset(options, path) ? UNSET : undefined) },
  );
}

/** A value that came, short. */
export function describeValue(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return value.length <= 80 ? `'${value}'` : `a text of ${value.length} characters`;
  return kindOf(value);
}

/** What sort of value came, and nothing of its content, which may be a secret. */
function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return value.trim() === '' ? 'an empty text' : 'a text';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** A union reports each of its branches; the one that got furthest into the value, or knows what to write, is the one that was meant. */
function deepest(issues: readonly z.core.$ZodIssue[], base: PropertyKey[] = []): z.core.$ZodIssue | undefined {
  // A name that is misspelled is what is wrong, rather than that the option of the right name is missing.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  if (issue === undefined) return undefined;
  const at = { ...issue, path: [...base, ...issue.path] };
  if (issue.code !== 'invalid_union') return at;
  const meant = issue.errors
    .map((branch) => deepest(branch, at.path))
    .find(
      (branch) =>
        branch !== undefined &&
        (branch.path.length > at.path.length || branch.code === 'unrecognized_keys' || hintOf(branch) !== undefined),
    );
  return meant ?? at;
}

function hintOf(issue: z.core.$ZodIssue | undefined): string | undefined {
  const hint: unknown = issue?.code === 'custom' ? issue.params?.['hint'] : undefined;
  return typeof hint === 'string' ? hint : undefined;
}

function valueAt(options: unknown, path: readonly PropertyKey[]): unknown {
  // Each step is checked by the `?.` before the next one.
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], options);
}

/** Whether the option is there, and empty. One that is missing altogether was forgotten. */
function isUnset(options: unknown, path: readonly PropertyKey[]): boolean {
  const key = path.at(-1);
  const holder = valueAt(options, path.slice(0, -1));
  if (key === undefined || typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, key)) return false;
  return ['nothing', 'an empty text'].includes(kindOf(valueAt(holder, [key])));
}
