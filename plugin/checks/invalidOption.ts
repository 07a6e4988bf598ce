import type * as z from 'zod/mini';
import { ImageCacheError } from '../errors.ts';
import { hintForUnknown } from './hintForUnknown.ts';
import { optionsSchema } from './optionsSchema.ts';
import { UNSET } from './texts.ts';

/** Unknown names that an error lists. If there are more, they are probably the options of something else. */
const MAX_SHOWN = 10;

/**
 * Makes the error for wrong options. It names all unknown options at once, so that the server need not be started once for each.
 * If there are none, it names the first wrong value, what was expected, what was found and, where that is known, what to write.
 */
export function invalidOption(options: unknown, error: z.core.$ZodError): ImageCacheError {
  const unknown = unknownNames(error.issues);
  // If a name is misspelled, the option with the right name is missing, too; but the misspelled name is the mistake.
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

/** A name that is not an option, and where it was found. */
interface UnknownName {
  path: PropertyKey[];
  key: string;
}

/** Collects the unknown names. A union reports those of each of its branches; only one branch of each of our unions has names. */
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

/** A short description of a value. */
export function describeValue(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return value.length <= 80 ? `'${value}'` : `a text of ${value.length} characters`;
  return kindOf(value);
}

/** The kind of a value, without its content, which may be a secret. */
function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return value.trim() === '' ? 'an empty text' : 'a text';
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/**
 * A union reports each of its branches. The developer most likely meant the branch that got furthest into the value, or has a hint.
 */
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

/** Whether the option is present but empty. An option that is not present at all was forgotten. */
function isUnset(options: unknown, path: readonly PropertyKey[]): boolean {
  const key = path.at(-1);
  const holder = valueAt(options, path.slice(0, -1));
  if (key === undefined || typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, key)) return false;
  return ['nothing', 'an empty text'].includes(kindOf(valueAt(holder, [key])));
}
