import { textAt, viewOf } from './bytes.ts';
import { NotRemovable } from './notRemovable.ts';

/** `meta` and its lists are full boxes: version and flags come before the content. */
export const FULL_BOX = 4;

/** Within one other; thousands of times as many as any picture has. */
const MAX_BOXES = 50_000;

/** A box of ISO/IEC 14496-12: of AVIF, HEIC and JPEG XL. */
export interface Box {
  type: string;
  start: number;
  /** Where its content begins. */
  content: number;
  /** Beyond the end of the file when it was cut. */
  end: number;
}

/**
 * The boxes between two places. One that reaches beyond the box that it is in would be taken for what is not its own, and only at
 * the end of the file may be a cut.
 */
export function* boxesOf(bytes: Uint8Array, from: number, until: number): Generator<Box, void> {
  const view = viewOf(bytes);
  const to = Math.min(until, bytes.length);
  let count = 0;
  for (let start = from; start + 8 <= to;) {
    const size = view.getUint32(start);
    const content = start + (size === 1 ? 16 : 8);
    // A size of 0 means "to the end".
    const end = size === 0 ? to : start + (size === 1 ? Number(view.getBigUint64(start + 8)) : size);
    if (++count > MAX_BOXES || end < content || (end > to && to < bytes.length)) throw new NotRemovable();
    yield { type: textAt(bytes, start + 4, 4), start, content, end };
    start = end;
  }
}

export function findBox(bytes: Uint8Array, type: string, from: number, to: number): Box | undefined {
  for (const box of boxesOf(bytes, from, to)) if (box.type === type) return box;
  return undefined;
}

/** The brands of a file that begins with an `ftyp` box of a plausible size; the major one comes first. */
export function brandsOf(bytes: Uint8Array): string[] {
  if (textAt(bytes, 4, 4) !== 'ftyp' || bytes.length < 16) return [];
  const size = viewOf(bytes).getUint32(0);
  if (size < 16 || size > 4096) return [];
  const brands = [textAt(bytes, 8, 4)];
  for (let at = 16; at + 4 <= Math.min(size, bytes.length); at += 4) brands.push(textAt(bytes, at, 4));
  return brands;
}
