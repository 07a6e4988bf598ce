import type * as z from 'zod/mini';
import { ImageCacheError } from '../errors.ts';
import { hintForUnknown } from './nearestOption.ts';
import { optionsSchema } from './optionsSchema.ts';
import { UNSET } from './texts.ts';

/** Names that are listed; more than so many are not misspelled, but the options of something else. */
const MAX_SHOWN = 10;

/**
 * The refusal of options: all names that are no option, since each start of a server would tell of one alone; else the first value that
 * is wrong, what was expected, what came, and where it helps, what to write.
 */
export function invalidOption(options: unknown, error: z.core.$ZodError): ImageCacheError {
  const unknown = unknownNames(error.issues);
  // A name that is misspelled is what is wrong, rather than that the option of the right name is missing.
  if (unknown.length > 0) return noSuchOptions(unknown);
  const issue = deepest(error.issues);
  const path = issue?.path ?? [];
  const came = valueAt(options, path);
  const where = path.length === 0 ? 'the options' : `option \`${path.join('.')}\``;
  const shown = path.includes('credentials') ? kindOf(came) : describeValue(came);
  return new ImageCacheError(
    'INVALID_OPTION',
    `imageCache: ${where} must be ${issue?.message ?? 'valid'}; got ${shown}.`,
    { hint: hintOf(issue) ?? (isUnset(options, path) ? UNSET : undefined) },
  );
}

/** A name that is no option, and where it stands. */
interface UnknownName {
  path: PropertyKey[];
  key: string;
}

/** A union tells of those of each of its branches; only one branch of each of ours has names. */
function unknownNames(issues: readonly z.core.$ZodIssue[], base: PropertyKey[] = []): UnknownName[] {
  return issues.flatMap((issue) => {
    const path = [...base, ...issue.path];
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ path, key }));
    return issue.code === 'invalid_union' ? issue.errors.flatMap((branch) => unknownNames(branch, path)) : [];
  });
}

function noSuchOptions(unknown: readonly UnknownName[]): ImageCacheError {
  const shown = unknown.slice(0, MAX_SHOWN).map(({ path, key }) => {
    const hint = hintForUnknown(optionsSchema, path, key);
    return { name: `\`${[...path, key].join('.')}\``, hint };
  });
  const names = shown.map(({ name }) => name).join(', ');
  const more = unknown.length > shown.length ? ` and ${unknown.length - shown.length} more` : '';
  const isOne = unknown.length === 1;
  const hints = shown.flatMap(({ name, hint }) => (hint === undefined ? [] : isOne ? hint : `${name}: ${hint}`));
  if (hints.length < shown.length) hints.push('Check the spelling; docs/options.md lists every option.');
  return new ImageCacheError(
    'INVALID_OPTION',
    `imageCache: there ${isOne ? 'is no option' : 'are no options'} ${names}${more}.`,
    { hint: hints.join(' ') },
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
  const [issue] = issues;
  if (issue === undefined) return undefined;
  const at = { ...issue, path: [...base, ...issue.path] };
  if (issue.code !== 'invalid_union') return at;
  const meant = issue.errors
    .map((branch) => deepest(branch, at.path))
    .find((branch) => branch !== undefined && (branch.path.length > at.path.length || hintOf(branch) !== undefined));
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
