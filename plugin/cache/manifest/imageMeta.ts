import type { ImageMeta } from '../../protocol.ts';

/** Maximum size of the app's own fields of one image, in bytes of JSON. */
const MAX_META_BYTES = 2048;

/** Says what is wrong with the app's own fields, as a phrase that follows "meta"; `undefined` if they are valid. */
export function metaProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be an object';
  const bytes = bytesOfJson(value);
  return bytes > MAX_META_BYTES ? `must have at most ${MAX_META_BYTES} bytes of JSON` : undefined;
}

/** Writing JSON is recursive: a value that is nested too deeply overflows the stack, and counts as too large. */
function bytesOfJson(value: object): number {
  try {
    return Buffer.byteLength(JSON.stringify(value));
  } catch {
    return Infinity;
  }
}

/** True if both have the same fields. A missing value equals one without fields. */
export function isSameMeta(a: ImageMeta = {}, b: ImageMeta = {}): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
