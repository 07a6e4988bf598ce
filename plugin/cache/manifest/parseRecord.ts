import { metaProblem } from './imageMeta.ts';
import type { JournalRecord, ManifestChange } from './manifestChange.ts';
import { parseEntry } from './manifestEntry.ts';

/** A parsed record before its check: any field may have any value. */
type Fields = Readonly<Record<string, unknown>>;

/** The fields that each change must have. */
const SHAPES: { readonly [Op in ManifestChange['op']]: (record: Fields) => boolean } = {
  put: ({ entry }) => parseEntry(entry) !== undefined,
  adopt: ({ entry }) => parseEntry(entry) !== undefined,
  claim: ({ key, actor }) => isText(key) && isText(actor),
  validate: ({ key, sha256, etag, at }) => isText(key) && isText(sha256) && typeof etag === 'string' && isNumber(at),
  replace: ({ entry, sha256 }) => parseEntry(entry) !== undefined && isText(sha256),
  placeholder: ({ images }) => Array.isArray(images) && images.every(isPlaceholder),
  meta: ({ key, meta }) => isText(key) && metaProblem(meta) === undefined,
  delete: ({ keys, reason, at, cause }) =>
    isTexts(keys) && isText(reason) && isOptionalNumber(at) && (cause === undefined || isText(cause)),
  clear: ({ actor, at }) => (actor === undefined || isText(actor)) && isOptionalNumber(at),
  pin: ({ target, pinned }) =>
    isObject(target) && (isText(target['key']) || isText(target['actor'])) && typeof pinned === 'boolean',
  use: ({ keys, ages = [], at }) => isTexts(keys) && Array.isArray(ages) && ages.every(isNumber) && isNumber(at),
};

/**
 * Checks a record that was read from the journal; returns `undefined` for an invalid one. The checksum proves that the bytes
 * are as written, not which program wrote them. A change that a newer version has introduced is valid; the index ignores it.
 */
export function parseRecord(json: string): JournalRecord | undefined {
  const value = parseJson(json);
  if (!isObject(value) || !isText(value['id']) || !isText(value['op'])) return undefined;
  const { op, read } = value;
  if (read !== undefined && !isNumber(read)) return undefined;
  if (isKnown(op) && !SHAPES[op](value)) return undefined;
  return value as unknown as JournalRecord; // every field of a known change was just checked
}

function isKnown(op: string): op is ManifestChange['op'] {
  return Object.hasOwn(SHAPES, op);
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value);
}

function isOptionalNumber(value: unknown): boolean {
  return value === undefined || isNumber(value);
}

function isPlaceholder(value: unknown): boolean {
  return isObject(value) && isText(value['key']) && isText(value['sha256']) && isText(value['placeholder']);
}
