import type { ImageMeta } from '../../protocol.ts';

/** The most bytes of JSON that the app's own fields of one image may have. */
const MAX_META_BYTES = 2048;

/** What is wrong with an app's own fields, in words that follow "meta"; `undefined` when they may be kept. */
export function metaProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'must be an object';
  const bytes = bytesOfJson(value);
  return bytes > MAX_META_BYTES ? `must have at most ${MAX_META_BYTES} bytes of JSON` : undefined;
}

/** Writing JSON is recursive, and a body may be nested deeper than the stack is. */
function bytesOfJson(value: object): number {
  try {
    return Buffer.byteLength(JSON.stringify(value));
  } catch {
    return Infinity;
  }
}

/** Whether both say the same. An image without fields of the app is one with none of them. */
export function isSameMeta(a: ImageMeta = {}, b: ImageMeta = {}): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
