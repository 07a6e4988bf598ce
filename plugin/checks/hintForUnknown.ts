import * as z from 'zod/mini';

/** The options of one object, and its path; `[]` in a path stands for any index of an array. */
interface OptionGroup {
  path: readonly string[];
  names: readonly string[];
}

/** How many letters of a name may be wrong. */
const MAX_DISTANCE = 2;

/**
 * Guesses which option an unknown name was meant to be: an option of the same object with a similar name, or an option with this
 * name in another object.
 * @param path where the name was found, e.g. `['buckets', 0]`
 */
export function hintForUnknown(
  schema: z.core.$ZodType,
  path: readonly PropertyKey[],
  name: string,
): string | undefined {
  const groups = groupsOf(schema);
  const own = groups.find((group) => isAt(group, path));
  const nearest = own?.names
    .map((option) => ({ option, distance: distanceOf(name.toLowerCase(), option.toLowerCase()) }))
    .filter(({ option, distance }) => distance <= Math.min(MAX_DISTANCE, Math.floor(option.length / 3)))
    .toSorted((a, b) => a.distance - b.distance)[0]?.option;
  if (nearest !== undefined) return `Did you mean \`${nearest}\`?`;
  const elsewhere = groups.find(({ names }) => names.some((option) => option.toLowerCase() === name.toLowerCase()));
  const option = elsewhere?.names.find((each) => each.toLowerCase() === name.toLowerCase());
  if (elsewhere === undefined || option === undefined) return undefined;
  if (elsewhere.path.length === 0) return `\`${option}\` is an option of its own, beside \`${String(path[0])}\`.`;
  const [outer = '', inner] = elsewhere.path;
  return inner === '[]'
    ? `It is an option of each bucket: ${outer}: [{ name: '<bucket>', ${option}: … }].`
    : `It is part of \`${outer}\`: ${outer}: { ${option}: … }.`;
}

/** All objects that contain options, the outermost first. */
function groupsOf(schema: z.core.$ZodType, path: readonly string[] = []): OptionGroup[] {
  if (
    schema instanceof z.ZodMiniOptional ||
    schema instanceof z.ZodMiniDefault ||
    schema instanceof z.ZodMiniPrefault
  ) {
    return groupsOf(schema.def.innerType, path);
  }
  if (schema instanceof z.ZodMiniPipe) return groupsOf(schema.def.in, path);
  if (schema instanceof z.ZodMiniArray) return groupsOf(schema.def.element, [...path, '[]']);
  if (schema instanceof z.ZodMiniUnion) return schema.def.options.flatMap((each) => groupsOf(each, path));
  // A loose object accepts any name.
  if (!(schema instanceof z.ZodMiniObject) || schema.def.catchall instanceof z.ZodMiniUnknown) return [];
  const entries = Object.entries<z.core.$ZodType>(schema.def.shape);
  const inner = entries.flatMap(([name, each]) => groupsOf(each, [...path, name]));
  return [{ path, names: entries.map(([name]) => name) }, ...inner];
}

function isAt(group: OptionGroup, path: readonly PropertyKey[]): boolean {
  const place = path.map((key) => (typeof key === 'number' ? '[]' : String(key)));
  return group.path.join('.') === place.join('.');
}

/**
 * How many letters to insert, remove, replace or swap with the next one (optimal string alignment). It is slow for long names,
 * but options have short ones.
 */
function distanceOf(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, n) => n)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const at = (up: number, left: number): number => (up === 0 ? row : rows[i - up])?.[j - left] ?? Infinity;
      const isSwap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const isSame = a[i - 1] === b[j - 1];
      row.push(Math.min(at(1, 0) + 1, at(0, 1) + 1, at(1, 1) + (isSame ? 0 : 1), isSwap ? at(2, 2) + 1 : Infinity));
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? Infinity;
}
